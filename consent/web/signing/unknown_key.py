"""A passkey that was just made has to be new, before anything is used up or asked for it."""

from consent.registry.errors import CredentialTaken
from consent.registry.models import Credential
from consent.registry.operations.passkeys import find_passkey
from consent.web.registrations import Made


def require_unknown(made: Made) -> None:
    """Refuse a passkey that somebody has already; the operations refuse it again under their locks.

    Raises:
        CredentialTaken: its id or its key is registered.
    """
    key = made.registration
    if (
        find_passkey(key.credential_id) is not None
        or Credential.objects.filter(thumbprint=key.public_key.thumbprint).exists()
    ):
        raise CredentialTaken("this passkey is registered already")
