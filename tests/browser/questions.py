"""A page's question to a passkey, answered by hand: as the page's own script would, or as an attacker would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import APIResponse, Page

from signing.encoding import b64u, unb64u
from tests.browser.visitor import Visitor
from tests.signing.software_authenticator import UP, UV, SoftwareAuthenticator

_READ = """() => {
  const form = document.querySelector('form[data-passkey]');
  const fields = Object.fromEntries(new FormData(form));
  const options = JSON.parse(document.getElementById('passkey-options').textContent);
  return {action: form.action, fields, options};
}"""
_ASK = """async (options) => {
  const bytes = (text) => Uint8Array.from(
    atob(text.replace(/-/g, '+').replace(/_/g, '/')), (char) => char.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\\+/g, '-').replace(/\\//g, '_').replace(/=+$/, '');
  options.challenge = bytes(options.challenge);
  for (const each of options.allowCredentials || []) each.id = bytes(each.id);
  try {
    const got = await navigator.credentials.get({publicKey: options});
    return {id: got.id, rawId: text(got.rawId), type: got.type, response: {
      clientDataJSON: text(got.response.clientDataJSON),
      authenticatorData: text(got.response.authenticatorData),
      signature: text(got.response.signature),
    }};
  } catch (error) { return {error: error.name}; }
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What one page asked: where the answer goes, its hidden fields, and the options for the browser."""

    action: str
    fields: Mapping[str, str]
    options: Mapping[str, Any]

    @property
    def challenge(self) -> bytes:
        """The bytes to be signed over."""
        return unb64u(self.options["challenge"])


def question_on(page: Page) -> Question:
    """The question on the open page."""
    page.locator("form[data-passkey]").wait_for()
    return Question(**page.evaluate(_READ))


def answer(page: Page, options: Mapping[str, Any]) -> dict[str, Any]:
    """What the page's authenticator answers; `{"error": "NotAllowedError"}` where the browser refuses."""
    return dict(page.evaluate(_ASK, dict(options)))


def answer_in_software(
    passkey: SoftwareAuthenticator,
    challenge: bytes,
    *,
    origin: str,
    flags: int = UP | UV,
    kind: str = "webauthn.get",
) -> dict[str, Any]:
    """What a program that holds the private key can answer: any origin, any flags, any type."""
    parts = passkey.sign(challenge, origin=origin, flags=flags, kind=kind)
    return {
        "id": b64u(passkey.credential_id),
        "rawId": b64u(passkey.credential_id),
        "type": "public-key",
        "response": {
            "clientDataJSON": b64u(parts["client_data_json"]),
            "authenticatorData": b64u(parts["authenticator_data"]),
            "signature": b64u(parts["signature"]),
        },
    }


def send(
    visitor: Visitor, question: Question, passkey: Mapping[str, Any], *, to: str | None = None, **fields: str
) -> APIResponse:
    """Send the form with this answer and this visitor's cookies, as its page would; redirects are not followed."""
    there = to or question.action
    parts = urlsplit(there)
    return visitor.context.request.post(
        there,
        form={**question.fields, "passkey": json.dumps(passkey), **fields},
        headers={"Origin": f"{parts.scheme}://{parts.netloc}", "Sec-Fetch-Site": "same-origin"},
        max_redirects=0,
    )
