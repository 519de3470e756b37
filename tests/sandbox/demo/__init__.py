"""`fileferry demo`, and what it shows."""
