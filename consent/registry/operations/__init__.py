"""Write use cases, one a file, each one transaction."""
