"""OpenID AuthZEN in front of the registry's own checks: translated, never decided apart."""
