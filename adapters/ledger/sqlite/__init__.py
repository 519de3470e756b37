"""The books in one SQLite file, for one host; the doors are `books` and `shelf`."""
