"""What any door runs transfers by; the doors are `heartbeat`, `retries` and `sender`."""
