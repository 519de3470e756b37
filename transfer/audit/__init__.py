"""The chain of the receipts, and what it proves; the doors are `chain` and `proof`."""
