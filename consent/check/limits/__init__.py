"""What may be asked how often, and how much may be used: limits of keys, of addresses, of grants (DESIGN §8)."""
