"""The README's story: one terminal runs the registry, the other is performer, operator, pipeline and desk."""

import json

from tests.integration.running import Running

QUESTION = ("--use", "train.voice", "--territory", "DE", "--language", "de", "--purpose", "audiobook")


def test_a_stranger_signs_asks_ends_is_denied_and_verifies_offline(registry: Running) -> None:
    key = str(registry.folder / "performer.key")
    mine = ("--key", key)
    code = registry.client_environment()["CONSENT_INVITATION"]

    registry.consent("performer", "key", *mine, "--plain")
    registry.consent(
        "performer", "enrol", *mine, "--side", "test", "--stage-name", "Nova Lark", "--legal-name", "Nora Larkin",
        "--birth-date", "1990-05-04", "--email", "nora@example.org",
    )  # fmt: skip
    credential = _waiting_credential(registry)
    registry.operator(
        "operator", "identity", "approve", credential, "--examiner", "A. Examiner", "--method", "document"
    )
    registry.consent("performer", "accept", code, *mine)
    offers = registry.consent_json("performer", "offers", *mine)["data"]
    assert len(offers) == 1
    offer = offers[0]["id"]
    read = registry.consent("performer", "read", offer, *mine).stdout
    assert offers[0]["licensee"]["legal_name"] in read
    registry.consent("check", "--performer", "external_id:demo", *QUESTION, code=1)
    signed = registry.consent_json("performer", "sign", offer, "--yes", *mine)
    grant = signed["grant"]

    asked = ("check", "--performer", "external_id:demo", *QUESTION, "--receipt", "voice.receipt")
    registry.consent(*asked)
    registry.consent("verify", "--allow-test", "voice.receipt")
    registry.consent("verify", "voice.receipt", code=1)

    registry.consent("performer", "package", grant, "--out", "demo.grant.json", *mine)
    registry.consent("verify", "--allow-test", "demo.grant.json")

    ended = registry.consent_json("performer", "end", grant, "--yes", *mine)
    assert ended["enforced_at"]
    denied = registry.consent("check", "--performer", "external_id:demo", *QUESTION, "--json", code=1)
    assert json.loads(denied.stdout)["reasons"] == ["no_active_consent"]


def test_the_example_of_the_readme_allows_as_printed(registry: Running) -> None:
    registry.consent("check", "--performer", "prf_test_allow", *QUESTION)
    registry.consent("check", "--performer", "prf_test_deny", *QUESTION, code=1)
    registry.consent("check", "--performer", "prf_test_suspended", *QUESTION, code=1)


def _waiting_credential(registry: Running) -> str:
    """The credential that the operator's list shows as waiting."""
    listed = registry.operator("operator", "identity", "list")
    found = [word for word in listed.split() if word.startswith("cre_")]
    assert len(found) == 1, listed
    return found[0]
