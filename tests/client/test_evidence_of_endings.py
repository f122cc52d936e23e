"""An acknowledgement of an ending that nobody signed is evidence too, and says on whose word it was recorded."""

from dataclasses import replace

import pytest

from consent.client.described import describe
from consent.client.evidence import Expectations, verify_evidence
from signing.acknowledgement import sign_acknowledgement
from signing.errors import SigningError
from tests.signing.samples import NOW, signer, trust
from tests.signing.test_acknowledgement import SAID

ANYBODY = Expectations(expected_audience=None, expected_statement=None, allow_test=False)


def test_what_was_recorded_on_a_session_is_described_as_that() -> None:
    said = replace(SAID, statement=None, authority="session")
    token = sign_acknowledgement(said, signer=signer("registry")).encode()
    evidence = verify_evidence(token, trust=trust(), at=NOW, expectations=ANYBODY)
    proven = describe(evidence, at=NOW, compared=False)
    assert (proven["recorded_on"], proven["grant"]) == ("session", SAID.grant)
    assert "statement" not in proven
    with pytest.raises(SigningError):
        verify_evidence(token + b"A", trust=trust(), at=NOW, expectations=ANYBODY)


def test_what_was_signed_names_its_statement() -> None:
    token = sign_acknowledgement(SAID, signer=signer("registry")).encode()
    proven = describe(
        verify_evidence(token, trust=trust(), at=NOW, expectations=ANYBODY), at=NOW, compared=False
    )
    assert proven["statement"] == SAID.statement and "recorded_on" not in proven
