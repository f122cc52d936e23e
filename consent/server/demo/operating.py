"""The operator's acts: the same operations as the commands use. Imported once Django's models are loaded."""

from collections.abc import Collection
from dataclasses import dataclass

from consent.registry.models import Credential
from consent.registry.operations.api_keys import create_api_key
from consent.registry.operations.create_organization import create_organization
from consent.registry.operations.record_identity_check import record_identity_check
from consent.registry.ports import RegistryPorts
from consent.server.demo.licensees import Licensee
from signing.canonical import sha256_hex

EXAMINER = "Demo examiner (invented)"
EVIDENCE = b"There is no document: the performers of the demo are invented and exist on the test side only."
SCOPES = ("check", "grants", "offers", "performers", "receipts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A company on the test side, and the secret of its API key; the secret does not print."""

    organization: str
    secret: str

    def __repr__(self) -> str:
        return f"Admitted({self.organization})"


def admit(ports: RegistryPorts, licensee: Licensee) -> Admitted:
    """Record a company and make its API key."""
    opened = create_organization(
        ports,
        livemode=False,
        legal_name=licensee.legal_name,
        country=licensee.country,
        contact=licensee.contact,
    )
    key = create_api_key(ports, livemode=False, organization=opened.organization, name="demo", scopes=SCOPES)
    return Admitted(organization=opened.organization, secret=key.secret)


def approve(ports: RegistryPorts, thumbprints: Collection[str]) -> int:
    """Record for each enrolled key that an examiner saw its holder's document; how many."""
    rows = Credential.objects.filter(thumbprint__in=thumbprints, livemode=False, state="pending")
    performers = list(rows.values_list("performer_id", flat=True))
    for performer in performers:
        record_identity_check(
            ports,
            livemode=False,
            performer=performer,
            examiner=EXAMINER,
            method="document",
            evidence_sha256=sha256_hex(EVIDENCE),
            over_18=True,
        )
    return len(performers)
