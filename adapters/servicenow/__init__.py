"""ServiceNow over REST: the `line`, what is read, the `desk`, and the look at an instance."""
