"""What any door needs to carry transfers: claims kept alive, steps tried again, tickets sent."""
