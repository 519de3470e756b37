"""What was asked for, checked, down to the list of files; the door is `planning`."""
