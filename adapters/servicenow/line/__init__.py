"""How an instance is spoken to: HTTP, logins, budget, queries, rows; the door is `client`."""
