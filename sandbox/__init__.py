"""Every outside system, embedded: what the demo runs on and a contributor develops against."""
