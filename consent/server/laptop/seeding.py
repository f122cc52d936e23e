"""The laptop's test side: an organization with an owner and an API key, the invented performers, one waiting
request; and an operator, whose link is new at each start.

Everything here happens on the test side only. It can be killed at any point: the next start completes it.
"""

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from consent.log import durable_file
from consent.registry.errors import Conflict
from consent.registry.models import (
    ApiKey,
    ExternalId,
    Invitation,
    Member,
    Operator,
    PairwiseReference,
)
from consent.registry.operations.accounts import create_operator
from consent.registry.operations.api_keys import create_api_key, secret_digest
from consent.registry.operations.create_organization import create_organization
from consent.registry.operations.draft_offer import draft_offer
from consent.registry.operations.links import make_link
from consent.registry.operations.members import add_member
from consent.registry.operations.references import set_external_id
from consent.registry.operations.send_offer import NewInvitation, send_offer
from consent.registry.ports import RegistryPorts
from consent.server.laptop.asking_again import waiting_request
from consent.server.laptop.client_env import client_env
from consent.server.laptop.folder import LaptopFolder
from consent.server.laptop.request import CONTACT, CONTEXT, COUNTRY, LEGAL_NAME, terms
from consent.server.test_actors.seed import seed_actors

ORGANIZATION = "org_test_northlight"
EXTERNAL_ID = "demo"
SCOPES = ("check", "events", "grants", "offers", "organization", "performers", "receipts")
OPERATOR_NAME = "Operator of this computer"  # until somebody takes the link and says their own
OPERATOR_LINK_LIFE = timedelta(hours=12)  # about as long as a registry runs on a laptop
OWNER_NAME, OWNER_EMAIL = "Owner of the test studio", "owner@northlight.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What a newcomer gets: the organization's key, the code of the first request and whether somebody took it
    up, the offer that waits for them then (if one does), and the way in for the operator."""

    api_key: str
    invitation: str
    code: str
    taken_up: bool
    waiting: str | None
    operator_link: str

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
    if not Member.objects.filter(organization_id=ORGANIZATION, removed_at=None).exists():
        add_member(
            ports,
            livemode=False,
            organization=ORGANIZATION,
            email=OWNER_EMAIL,
            role="owner",
            display_name=OWNER_NAME,
        )
    seed_actors(ports, ORGANIZATION)
    path = _notes(folder)
    known = _read(path)
    kept = {
        "api_key": _api_key(ports, known),
        "operator": _operator(ports, known),
        **_invitation(ports, known),
    }
    if kept != known:
        durable_file.replace(path, json.dumps(kept).encode() + b"\n")
    return Seeded(
        api_key=kept["api_key"],
        invitation=kept["invitation"],
        code=kept["code"],
        taken_up=Invitation.objects.filter(id=kept["invitation"], redeemed_at__isnull=False).exists(),
        waiting=waiting_request(ports, organization=ORGANIZATION, external_id=EXTERNAL_ID),
        operator_link=make_link(ports, kind="operator", operator=kept["operator"], life=OPERATOR_LINK_LIFE),
    )


def write_client_files(folder: LaptopFolder, seeded: Seeded, *, url: str, trust: bytes) -> None:
    """What a shell sources, and the trust file that it names."""
    durable_file.replace(folder.trust, trust)
    values = {
        "CONSENT_URL": url,
        "CONSENT_API_KEY": seeded.api_key,
        "CONSENT_TRUST": str(folder.trust),
        "CONSENT_INVITATION": seeded.code,
    }
    text = client_env(values, programs=Path(sys.executable).parent, windows=os.name == "nt")
    durable_file.replace(folder.test_env, text.encode())


def name_the_demo_performer(folder: LaptopFolder, ports: RegistryPorts) -> int:
    """Once somebody took the invitation up, let the organization call them `demo`; how many were named.

    It is what an organization's own system does when an invitation of its comes back.
    """
    known = _read(_notes(folder))
    performer = (
        Invitation.objects.filter(id=known.get("invitation"), redeemed_at__isnull=False)
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


def _api_key(ports: RegistryPorts, known: Mapping[str, str]) -> str:
    """The key of an earlier start while it works, otherwise a new one. Its standing context is what the demo
    asks about, so that a question need not say it."""
    secret = known.get("api_key", "")
    working = ApiKey.objects.filter(digest=secret_digest(secret), revoked_at=None, expires_at=None)
    if working.filter(context=CONTEXT).exists():
        return secret
    made = create_api_key(
        ports, livemode=False, organization=ORGANIZATION, name="laptop", scopes=SCOPES, context=CONTEXT
    )
    return made.secret


def _operator(ports: RegistryPorts, known: Mapping[str, str]) -> str:
    """The operator of an earlier start, unless they were removed."""
    operator = known.get("operator", "")
    if Operator.objects.filter(id=operator, removed_at=None).exists():
        return operator
    return create_operator(ports, display_name=OPERATOR_NAME)


def _invitation(ports: RegistryPorts, known: Mapping[str, str]) -> dict[str, str]:
    """The invitation of an earlier start, unless it ran out unused."""
    row = Invitation.objects.filter(id=known.get("invitation"), revoked_at=None).first()
    if row is not None and (row.redeemed_at is not None or row.expires_at > ports.clock()):
        return {"invitation": row.id, "code": known["code"]}
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


def _notes(folder: LaptopFolder) -> Path:
    return folder.root / "secrets" / "laptop.json"


def _read(path: Path) -> dict[str, str]:
    """What an earlier start noted; empty where nothing can be read."""
    try:
        read = json.loads(path.read_bytes())
        return {
            name: str(read[name]) for name in ("api_key", "invitation", "code", "operator") if name in read
        }
    except (OSError, ValueError, TypeError):
        return {}
