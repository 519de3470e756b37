"""SFTP servers and what they answer."""
