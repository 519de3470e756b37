"""The delivery protocol as a model, walked through whole; and schedules over the real code."""
