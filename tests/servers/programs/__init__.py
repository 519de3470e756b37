"""Starters of servers that are libraries, each `python -m MODULE HOME PORT USER PASSWORD`."""
