"""What an erasure does to each table: the list, and the statements that do it."""
