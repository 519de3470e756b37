"""What runs in AWS, on an AWS that is embedded."""
