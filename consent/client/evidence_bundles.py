"""Evidence bundles: asked for, verified, and verified again from the file by anybody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from consent.client.errors import ConfigurationError, UnreliableAnswer
from consent.client.files import write_whole
from consent.core.past_verdicts import judge_again
from signing.errors import SigningError
from signing.evidence_bundle import VerifiedBundle, verify_bundle
from signing.evidence_zip import MAX_ZIP_BYTES
from signing.instants import format_instant
from signing.tlog_policy import Policy
from signing.trust import Trust

ZIP = "application/zip"
TIMEOUT_S = 60.0  # a bundle of many consents is put together, typeset and verified before it leaves


class Posting(Protocol):
    """What of an exchange is needed: a body sent, a file received."""

    def post_for_file(
        self, path: str, body: Mapping[str, object], *, media_type: str, max_bytes: int, timeout_s: float
    ) -> bytes:
        """The file."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvidence:
    """A bundle, verified: `proven.answer` has the verdicts."""

    data: bytes = field(repr=False)
    proven: VerifiedBundle

    def save(self, path: str | Path, *, replace: bool = True) -> Path:
        """Write the file; its path. Raises ConfigurationError when it cannot be written."""
        path = Path(path)
        write_whole(path, self.data, replace=replace)
        return path


def verify_whole(
    data: bytes,
    *,
    trust: Trust,
    at: datetime,
    expected_organization: str | None,
    allow_test: bool = False,
    policy: Policy | None = None,
) -> VerifiedBundle:
    """Verify every part of a bundle, then decide each of its questions again from them.

    Raises:
        MalformedError, SignatureError, UntrustedError: see `signing.evidence_bundle.verify_bundle`, and a verdict that
            does not follow from what is enclosed.
    """
    found = verify_bundle(
        data,
        trust=trust,
        at=at,
        expected_organization=expected_organization,
        allow_test=allow_test,
        policy=policy,
    )
    judge_again(found.answer, {grant: each.statement.body for grant, each in found.packages.items()})
    return found


def fetch_evidence(
    path: str,
    about: Mapping[str, object],
    *,
    at: datetime | None,
    questions: Iterable[Mapping[str, object]],
    exchange: Posting,
    trust: Trust | None,
    allow_test: bool,
    now: datetime,
) -> KeptEvidence:
    """Ask for a bundle at `path`; what comes is verified before it counts.

    Raises:
        ConfigurationError: there is no trust file to verify with.
        Unavailable, BadRequest: no answer, or the registry refuses the question.
        UnreliableAnswer: what came does not verify, or is about something else.
    """
    if trust is None:
        raise ConfigurationError(
            "expected a trust file to verify the evidence with, got none: run `consent trust fetch`, compare the "
            "thumbprints, and set CONSENT_TRUST"
        )
    body: dict[str, object] = dict(about)
    if at is not None:
        body["at"] = format_instant(at)
    if asked := [dict(each) for each in questions]:
        body["questions"] = asked
    data = exchange.post_for_file(
        path, body, media_type=ZIP, max_bytes=MAX_ZIP_BYTES + (1 << 20), timeout_s=TIMEOUT_S
    )
    try:
        proven = verify_whole(data, trust=trust, at=now, expected_organization=None, allow_test=allow_test)
    except SigningError as exc:
        raise UnreliableAnswer(f"the evidence that came does not verify: {exc}") from exc
    if at is not None and proven.answer.at != at.replace(microsecond=0):
        raise UnreliableAnswer(
            f"expected evidence about {format_instant(at)}, got about {format_instant(proven.answer.at)}"
        )
    _check_about(proven, about)
    return KeptEvidence(data=data, proven=proven)


def _check_about(proven: VerifiedBundle, about: Mapping[str, object]) -> None:
    """Genuine evidence about somebody else is no answer to this question."""
    answer = proven.answer
    grant, performer = about.get("grant"), about.get("performer")
    if grant is not None and any(each.asked.get("grant") != grant for each in answer.questions):
        raise UnreliableAnswer(f"expected evidence of {grant}, got of something else")
    if performer is not None and answer.performer != performer:
        raise UnreliableAnswer(f"expected evidence about {performer}, got about {answer.performer}")
