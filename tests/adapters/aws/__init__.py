"""What the services of AWS have in common, and SQS."""
