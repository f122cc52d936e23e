"""The registry's own signing keys: files encrypted under CONSENT_KEY_SECRET, and the index that publishes them."""
