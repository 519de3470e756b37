"""One conformance suite for each port, run on every adapter and its sibling in memory."""
