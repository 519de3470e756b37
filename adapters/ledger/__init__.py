"""The durable memory: claims, stages, outbox; the doors are `sqlite.books` and `dynamo.books`."""
