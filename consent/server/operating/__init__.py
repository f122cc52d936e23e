"""What the operator's commands do; they read words and call operations."""
