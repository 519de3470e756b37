"""The socket by which operators reach the running service; the doors are `server` and `client`."""
