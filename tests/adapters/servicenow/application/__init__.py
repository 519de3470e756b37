"""FileFerry's own application on the instance: its heartbeat, and what it offers."""
