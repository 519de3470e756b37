"""What machines are told of the work; the doors are `emf` for metrics and `traces`."""
