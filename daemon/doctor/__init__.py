"""Looks over a destination, or the whole house; the doors are `destination` and `house`."""
