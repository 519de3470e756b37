"""The line below SFTP: algorithms, pins, keys and logins."""
