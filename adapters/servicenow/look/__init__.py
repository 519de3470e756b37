"""Whether an instance has and allows all that is needed; the door is `survey`."""
