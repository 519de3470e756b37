"""What is read of an instance, and what is believed of it."""
