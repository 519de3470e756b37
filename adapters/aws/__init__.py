"""What all services of AWS have in common, and STS, SQS and secrets; the door is `client`."""
