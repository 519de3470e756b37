"""Objects in S3, by both ways of asking."""
