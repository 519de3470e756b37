"""The second door: what runs in AWS, and how it gets there."""
