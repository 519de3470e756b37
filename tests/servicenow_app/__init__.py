"""What is built of servicenow/: what is in it, what it does, whether the documents are right."""
