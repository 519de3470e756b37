"""From a release to a host that runs it, and back again; the door: `furnishing`."""
