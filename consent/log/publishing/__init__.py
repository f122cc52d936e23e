"""Publishing a history as a transparency log: tiles, checkpoints and witnesses, from committed entries (DESIGN §9)."""
