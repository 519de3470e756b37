"""The SSH line below SFTP: keys, pins, algorithms, login; the door is `login`."""
