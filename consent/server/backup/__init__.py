"""Backups of a registry: two encrypted files, data and keys; making, reading, restoring and ending them."""
