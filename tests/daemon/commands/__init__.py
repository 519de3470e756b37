"""The commands, as a person and a shell see them."""
