"""The pages in a real Chromium with virtual authenticators, against a registry as `make run` starts it."""
