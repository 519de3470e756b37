"""Signatures of receipts, by a key of ours or one of KMS; the doors are `making` and `keys`."""
