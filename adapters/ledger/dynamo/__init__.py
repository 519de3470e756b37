"""The books in one DynamoDB table, for many hosts; the doors are `books` and `shelf`."""
