"""Pages of an organization: requests, consents, keys, members, the console."""
