"""The change feed: what organizations follow to decide by themselves (DESIGN §8 "Change feed")."""
