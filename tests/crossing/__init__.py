"""The main job end to end: the daemon, OpenSSH, a real S3 server, the simulator over TLS."""
