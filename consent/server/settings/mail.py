"""Where notices to people are handed in: a mail server, or on a laptop a folder."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from consent.server.settings.database import LOCAL_HOSTS
from consent.server.settings.environment import Environment
from consent.server.settings.web import WebSettings, host_of

NAME = "CONSENT_SMTP_URL"
SUBMISSION, SUBMISSIONS, RELAY = 587, 465, 25  # RFC 6409 §3.1, RFC 8314 §3.3, RFC 5321 §4.5.4.2
_FORM = "write smtp://user:password@host:587?from=address, or smtps://… where TLS comes first"
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """One mail server. `tls` is "first" (smtps), "starttls" (required), or "none" (this machine only)."""

    host: str
    port: int
    tls: str
    user: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server, or None: mail stays in the data folder. `sender` is the address mails come from."""

    smtp: SmtpSettings | None
    sender: str


def read_mail(environment: Environment, web: WebSettings) -> MailSettings:
    """CONSENT_SMTP_URL; a fault when people elsewhere could not be told of what happens to them."""
    before = len(environment.faults)
    text = environment.text(NAME)
    sender = f"consent@{host_of(web.origin) or 'localhost'}"
    if not text:
        if len(environment.faults) == before and host_of(web.origin) not in LOCAL_HOSTS:
            environment.refuse(NAME, "is not set", f"people are told by e-mail; {_FORM}")
        return MailSettings(smtp=None, sender=sender)
    try:
        return parse_smtp_url(text, sender=sender)
    except ValueError as exc:
        environment.refuse(NAME, str(exc), _FORM)
        return MailSettings(smtp=None, sender=sender)


def parse_smtp_url(text: str, *, sender: str) -> MailSettings:
    """The parts of a mail server's address; `sender` serves where it says no `from`.

    Raises:
        ValueError: not such an address; the message says what is wrong, without the address.
    """
    url = urlsplit(text)
    if url.scheme not in ("smtp", "smtps"):
        raise ValueError("begins with neither smtp:// nor smtps://")
    if not url.hostname:
        raise ValueError("names no host")
    if url.path not in ("", "/") or url.fragment:
        raise ValueError("has a path")
    try:
        port = url.port
    except ValueError:
        raise ValueError("has a port that is no number") from None
    options = parse_qsl(url.query, keep_blank_values=True)
    if len({name for name, _ in options} | {"from"}) != 1 or len(options) > 1:
        raise ValueError("has an option that is not from, or has it twice")
    sender = dict(options).get("from", sender)
    if not _ADDRESS.fullmatch(sender):
        raise ValueError("has a from that is not an e-mail address")
    user, password = unquote(url.username or ""), unquote(url.password or "")
    if bool(user) != bool(password):
        raise ValueError("has a user without a password, or the other way round")
    local = url.hostname in LOCAL_HOSTS
    tls = "first" if url.scheme == "smtps" else "none" if local else "starttls"
    usual = {"first": SUBMISSIONS, "starttls": SUBMISSION, "none": RELAY}[tls]
    smtp = SmtpSettings(host=url.hostname, port=port or usual, tls=tls, user=user, password=password)
    return MailSettings(smtp=smtp, sender=sender)
