"""The bench of the diagnosis: sick and healthy networks, what is said of them, and a table."""
