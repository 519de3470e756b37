"""What is particular to the ledgers."""
