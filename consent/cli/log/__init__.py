"""`consent log`: look at a transparency log as a stranger would."""
