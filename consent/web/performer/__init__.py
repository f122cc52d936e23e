"""A performer's own pages, on the main origin."""
