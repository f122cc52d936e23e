"""`consent witness`: run a witness for other people's logs."""
