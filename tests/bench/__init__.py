"""`make bench`: this client, rclone and a naive script, alternately, on the same real servers."""
