"""FTP and FTPS servers and what they answer."""
