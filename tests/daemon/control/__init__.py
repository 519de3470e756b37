"""The room of the socket."""
