"""The service on the bastion and its command line."""
