"""SFTP servers; the door is `remote`."""
