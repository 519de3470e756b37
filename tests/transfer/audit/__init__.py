"""The chain of the receipts, and what it proves."""
