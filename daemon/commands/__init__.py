"""The commands of `fileferry`, one file for each; the door is `daemon/cli.py`."""
