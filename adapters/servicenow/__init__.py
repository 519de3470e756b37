"""ServiceNow over REST: the client, the inbox of approved work, the desk of tickets."""
