"""The books in one DynamoDB table."""
