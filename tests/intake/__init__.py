"""Proofs over both doors: whatever comes in, and whenever, only what is approved goes out."""
