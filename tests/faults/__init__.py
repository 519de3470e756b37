"""Right bytes or a named failure: the real engine behind a proxy that breaks its lines."""
