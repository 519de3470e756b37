"""The in-memory sibling of every adapter; it passes the same conformance suite as the real one."""
