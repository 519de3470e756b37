"""The ways of telling people beside the tickets."""
