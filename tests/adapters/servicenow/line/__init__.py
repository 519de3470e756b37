"""HTTP, logins, the budget of calls, queries and rows."""
