"""The installed unit under a systemd of its own, in namespaces; the door: `box`."""
