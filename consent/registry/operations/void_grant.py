"""A grant that never was one: impostor, minor, coercion, forgery. Possible in every state, also after an end."""

from consent.core.states import GrantEvent
from consent.registry.operations.revoke_grant import OperatorEnding, end_by_operator
from consent.registry.ports import RegistryPorts


def void_grant(
    ports: RegistryPorts, *, livemode: bool, grant: str, actor: str, reason: str
) -> OperatorEnding:
    """Void a grant from the start, on the registry's authority. Wait with `enforced`.

    Raises:
        NotFound: no such grant. AlreadyEnded: it was voided before. Invalid: no reason or actor.
    """
    return end_by_operator(
        ports, livemode=livemode, grant=grant, event=GrantEvent.VOID, actor=actor, reason=reason
    )
