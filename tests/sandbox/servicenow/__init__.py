"""The ServiceNow simulator, asked over HTTP as a client asks it."""
