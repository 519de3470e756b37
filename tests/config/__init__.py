"""The configuration: loading, secrets, the example, the log."""
