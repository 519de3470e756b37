"""Objects in S3, by the plain way or by boto3; the door is `store`."""
