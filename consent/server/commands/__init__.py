"""The commands of `consent-server`, each a file."""
