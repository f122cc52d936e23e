"""Whom an operator means: performers have no public number, so something of theirs names them."""

from uuid import UUID

from consent.registry.errors import NotFound
from consent.registry.models import Credential, Grant
from consent.registry.text import is_storable


def performer_named(name: str) -> tuple[UUID, bool]:
    """The performer, and the side, of a key (`cre_…` or its thumbprint) or of a consent (`grt_…`).

    Raises:
        NotFound: it names nobody.
    """
    name = name.strip()
    row = None
    if is_storable(name):
        keys = Credential.objects.filter(id=name) | Credential.objects.filter(thumbprint=name)
        row = keys.first() or Grant.objects.filter(id=name).first()
    if row is None:
        raise NotFound("no key (cre_… or thumbprint) and no consent (grt_…) of anybody has this name")
    return row.performer_id, row.livemode
