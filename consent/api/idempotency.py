"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07), on the registry's `once`."""
