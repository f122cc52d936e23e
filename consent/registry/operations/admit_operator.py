"""An operator comes in by a one-use link: says a name, leaves a passkey, and the link is spent."""

from django.db import transaction

from consent.registry.errors import LinkSpent
from consent.registry.models import Operator
from consent.registry.operations.accounts import register_account_passkey
from consent.registry.operations.links import use_link
from consent.registry.ports import RegistryPorts
from consent.registry.text import required
from signing.attestation import RegisteredCredential


def admit_operator(
    ports: RegistryPorts,
    *,
    token: str,
    expected_operator: str,
    display_name: str,
    registration: RegisteredCredential,
    user_handle: bytes,
    label: str,
) -> None:
    """Use the link up and keep the passkey: both or neither. The passkey was made for `expected_operator`.

    Raises:
        LinkSpent: unknown, used, expired, or another operator's.
        CredentialTaken: the passkey is registered, for whomever.
        Invalid: an empty name.
    """
    required(display_name, "/display_name", max_chars=200)
    with transaction.atomic():
        if use_link(ports, kind="operator", token=token).operator != expected_operator:
            raise LinkSpent("this link is for somebody else", pointer="/token")
        register_account_passkey(
            ports, operator=expected_operator, registration=registration, user_handle=user_handle, label=label
        )
        Operator.objects.filter(id=expected_operator).update(display_name=display_name)
