"""Real processes that are killed, frozen and lied to at every point where it could matter."""
