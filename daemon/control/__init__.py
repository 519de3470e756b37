"""The service's own door for its operators: a Unix socket, and what is said over it."""
