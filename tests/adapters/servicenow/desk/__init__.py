"""The tickets that are written, once."""
