"""A row of the outbox as an e-mail: plain text and simple HTML, in words from `templates/emails`."""

import re
import textwrap
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlsplit

from django.template import Context, Engine
from django.utils.translation import gettext as _
from django.utils.translation import override

from consent.core.resources import templates
from consent.log.models import Outbox
from consent.server.mail.letter import Letter
from consent.server.mail.letters import letter
from consent.server.mail.mailbox import AddressUnusableError
from consent.server.mail.ports import MailPorts

LANGUAGE = "en"
WIDTH = 76  # RFC 5322 §2.1.1 asks for at most 78
# RFC 5321 §4.1.2 without quoted local parts and address literals, which nobody's mail program writes.
_LOCAL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,64}")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NOWHERE = ".invalid"  # RFC 2606 §2: sure to be no domain; the addresses of invented people


def compose(row: Outbox, ports: MailPorts) -> EmailMessage:
    """The mail that a row means. Its Message-ID and Date follow from the row, so that a repeat is the same mail.

    Raises:
        NotNeededError: it would tell what is no longer so.
        AddressUnusableError: what the person gave is no e-mail address.
        KeyStoreError: what it needs was erased, or the key store failed.
    """
    with override(LANGUAGE):
        said = letter(row, ports.registry)
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(_("Consent registry"), addr_spec=ports.sender)
        message["To"] = _address(said.to)
        message["Subject"] = said.subject
        message["Date"] = format_datetime(row.created_at)
        message["Message-ID"] = f"<{row.id}@{urlsplit(ports.registry.origin).hostname}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no holiday note answers it
        _fill(message, row, said, ports)
    return message


def _fill(message: EmailMessage, row: Outbox, said: Letter, ports: MailPorts) -> None:
    values = {
        **said.values,
        "livemode": row.livemode,
        "origin": ports.registry.origin,
        "subject": said.subject,
    }
    message.set_content(_flowed(_rendered(f"{row.kind}.txt", values)), params={"format": "flowed"})
    message.add_alternative(_rendered(f"{row.kind}.html", values), subtype="html")
    for each in said.attachments:
        main, _slash, sub = each.media_type.partition("/")
        message.add_attachment(each.data, maintype=main, subtype=sub, filename=each.name)
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=_{row.id}_{number}")


def _rendered(template: str, values: dict[str, object]) -> str:
    # Text is not HTML: a name with an ampersand is written as it is.
    context = Context(values, autoescape=template.endswith(".html"))
    return _engine().get_template(template).render(context)


def _flowed(text: str) -> str:
    """Paragraphs of at most WIDTH columns, one empty line apart; a line with an address stays whole.

    A line that goes on ends with a space, so that a narrow screen may break it elsewhere (RFC 3676 §4.2).
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    flowed = [line if "://" in line else " \n".join(textwrap.wrap(line, WIDTH)) for line in lines]
    paragraphs = re.sub(r"\n{3,}", "\n\n", "\n".join(flowed))
    return re.sub(r"^(?=>|From )", " ", paragraphs, flags=re.MULTILINE) + "\n"  # RFC 3676 §4.4


def unflowed(text: str) -> str:
    """Plain text as it was before its lines were broken."""
    return re.sub(r"^ ", "", text.replace("\r\n", "\n").replace(" \n", " "), flags=re.MULTILINE)


@cache
def _engine() -> Engine:
    return Engine(
        dirs=[str(templates("emails"))],
        libraries={"i18n": "django.templatetags.i18n"},
        autoescape=True,
    )


def _address(text: str) -> Address:
    """One address and nothing else: no second one, no header, no name."""
    local, _at, domain = text.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
        if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain) or domain.endswith(_NOWHERE):
            raise AddressUnusableError
        return Address(username=local, domain=domain)
    except (ValueError, IndexError) as exc:  # of the codec and of the header parser
        raise AddressUnusableError from exc
