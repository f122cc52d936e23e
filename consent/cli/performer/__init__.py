"""`consent performer`: the performer's own side, one file per group of verbs."""
