"""FTP and FTPS servers; the door is `remote`."""
