"""Who may: each broken link is refused by its own code."""
