"""Keys under one name: public ones as values, private ones that will not print (SPEC §2)."""

from signing.private_key import PrivateKey
from signing.public_key import PublicKey

__all__ = ["PrivateKey", "PublicKey"]
