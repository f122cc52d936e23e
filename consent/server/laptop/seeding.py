"""The laptop's test side: an organization with an API key, the invented performers, and one waiting request.

Everything here happens on the test side only. It can be killed at any point: the next start completes it.
"""

import contextlib
import json
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

from consent.log import durable_file
from consent.registry.errors import Conflict
from consent.registry.models import ApiKey, ExternalId, Invitation, PairwiseReference
from consent.registry.operations.api_keys import create_api_key, secret_digest
from consent.registry.operations.create_organization import create_organization
from consent.registry.operations.draft_offer import draft_offer
from consent.registry.operations.references import set_external_id
from consent.registry.operations.send_offer import NewInvitation, send_offer
from consent.registry.ports import RegistryPorts
from consent.server.laptop.folder import LaptopFolder
from consent.server.laptop.request import CONTACT, COUNTRY, LEGAL_NAME, terms
from consent.server.test_actors.seed import seed_actors

ORGANIZATION = "org_test_northlight"
EXTERNAL_ID = "demo"
SCOPES = ("check", "events", "grants", "offers", "organization", "performers", "receipts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What a newcomer gets: the organization's key, and the code of the waiting request."""

    api_key: str
    invitation: str
    code: str

    def __repr__(self) -> str:
        return "Seeded()"


def seed(folder: LaptopFolder, ports: RegistryPorts) -> Seeded:
    """Make what is not there yet; returns what is."""
    with contextlib.suppress(Conflict):  # it is there from an earlier start
        create_organization(
            ports,
            livemode=False,
            legal_name=LEGAL_NAME,
            country=COUNTRY,
            contact=CONTACT,
            organization=ORGANIZATION,
        )
    seed_actors(ports, ORGANIZATION)
    path = folder.root / "secrets" / "laptop.json"
    known = _read(path)
    seeded = Seeded(api_key=_api_key(ports, known), **_invitation(ports, known))
    if seeded != known:
        durable_file.replace(path, json.dumps(asdict(seeded)).encode() + b"\n")
    return seeded


def write_client_files(folder: LaptopFolder, seeded: Seeded, *, url: str, trust: bytes) -> None:
    """`test.env` for a shell, and the trust file that it names."""
    durable_file.replace(folder.trust, trust)
    values = {
        "CONSENT_URL": url,
        "CONSENT_API_KEY": seeded.api_key,
        "CONSENT_TRUST": str(folder.trust),
        "CONSENT_INVITATION": seeded.code,
    }
    lines = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
    durable_file.replace(folder.test_env, lines.encode())


def name_the_demo_performer(folder: LaptopFolder, ports: RegistryPorts) -> int:
    """Once somebody took the invitation up, let the organization call them `demo`; how many were named.

    It is what an organization's own system does when an invitation of its comes back.
    """
    known = _read(folder.root / "secrets" / "laptop.json")
    if known is None:
        return 0
    performer = (
        Invitation.objects.filter(id=known.invitation, redeemed_at__isnull=False)
        .values_list("redeemed_by_id", flat=True)
        .first()
    )
    named = ExternalId.objects.filter(organization_id=ORGANIZATION, external_id=EXTERNAL_ID)
    if performer is None or named.exists():
        return 0
    pair = PairwiseReference.objects.filter(organization_id=ORGANIZATION, performer_id=performer).first()
    if pair is None:
        return 0
    set_external_id(
        ports, livemode=False, organization=ORGANIZATION, performer=pair.reference, external_id=EXTERNAL_ID
    )
    return 1


def _api_key(ports: RegistryPorts, known: Seeded | None) -> str:
    """The key of an earlier start while it works, otherwise a new one."""
    if known is not None:
        digest = secret_digest(known.api_key)
        if ApiKey.objects.filter(digest=digest, revoked_at=None, expires_at=None).exists():
            return known.api_key
    made = create_api_key(ports, livemode=False, organization=ORGANIZATION, name="laptop", scopes=SCOPES)
    return made.secret


def _invitation(ports: RegistryPorts, known: Seeded | None) -> dict[str, str]:
    """The invitation of an earlier start, unless it ran out unused."""
    if known is not None:
        row = Invitation.objects.filter(id=known.invitation, revoked_at=None).first()
        if row is not None and (row.redeemed_at is not None or row.expires_at > ports.clock()):
            return {"invitation": known.invitation, "code": known.code}
    offer = draft_offer(
        ports,
        livemode=False,
        organization=ORGANIZATION,
        terms=terms(ports.clock().replace(microsecond=0)),
    )
    sent = send_offer(
        ports,
        livemode=False,
        organization=ORGANIZATION,
        offer=offer,
        invitation=NewInvitation(language="en"),
    )
    assert sent.invitation is not None and sent.code is not None  # an offer sent by invitation has both
    return {"invitation": sent.invitation, "code": sent.code}


def _read(path: Path) -> Seeded | None:
    try:
        read = json.loads(path.read_bytes())
        return Seeded(api_key=read["api_key"], invitation=read["invitation"], code=read["code"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
