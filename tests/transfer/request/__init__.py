"""What was asked for: read as it was meant, or refused with the rule named."""
