"""What all services of AWS have in common, and STS and SQS; the door is `client`."""
