"""The `consent` command: one file per verb."""
