"""How the bytes get there: on unusual roads, through crashes, refusals and late owners."""
