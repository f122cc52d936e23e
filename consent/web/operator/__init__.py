"""Pages of those who run the registry."""
