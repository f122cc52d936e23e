"""The decision ledger: what was answered, in files that a kill does not lose and nobody can thin out unseen."""
