"""The durable memory: claims, stages, outbox."""
