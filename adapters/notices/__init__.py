"""Telling people beside the tickets: SNS, SES, Teams, Slack, SMTP; the door is `notices`."""
