"""An AWS on loopback in an environment of its own, by ministack; the door is `server`."""
