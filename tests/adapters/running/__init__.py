"""What any door needs to carry transfers."""
