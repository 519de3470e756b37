"""The ledger in one DynamoDB table, for many hosts."""
