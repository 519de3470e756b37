"""What machines are told of the work: metrics and traces. Whoever does not listen is not missed."""
