"""The tickets that are written; the door is `desk`."""
