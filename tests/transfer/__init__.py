"""The rules and the eight steps, on values and in-memory ports."""
