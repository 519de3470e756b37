"""The shared engine of both doors."""
