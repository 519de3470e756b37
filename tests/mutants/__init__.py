"""The protocol's code with one part of it broken at a time: each must be caught by a named test."""
