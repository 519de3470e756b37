"""What an adapter promises beyond its port, and how it bears misbehaviour."""
