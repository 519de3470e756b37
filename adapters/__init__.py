"""One file for each system outside: the only place that touches the world."""
