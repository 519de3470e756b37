"""FileFerry's own application on the instance: its `heartbeat`; the door is `offer`."""
