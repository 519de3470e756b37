"""Reads a package of ServiceNow's SDK, and makes what is released; the door is `reading`."""
