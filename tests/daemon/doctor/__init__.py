"""What the doctor finds, at real servers and at broken ones."""
