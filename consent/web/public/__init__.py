"""Pages for anybody: start, invitation, signing in, and getting back in."""
