"""The sandbox is what everything else is tried on, so it is tried first."""
