"""`/mail`: what a laptop's registry has written to people, for the one person in front of it.

It exists only where mail goes into the data folder and the origin is this machine, and answers only to
this machine. No address of a recipient is shown: subjects and texts are enough to follow the links.
"""

import re
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from consent.server.mail.compose import unflowed
from consent.server.mail.folder import FolderMailbox
from consent.server.mail.ports import MailPorts
from consent.web.origins import Origins
from consent.web.page import Page, open_page
from consent.web.ports import WebPorts


def mail_urls(web: WebPorts, mail: MailPorts) -> list[URLPattern]:
    """The addresses, or none where there is a mail server or the registry is not a laptop's."""
    mailbox = mail.mailbox
    if not (web.laptop and isinstance(mailbox, FolderMailbox)):
        return []

    def every(page: Page) -> HttpResponse:
        _require_loopback(page.request)
        return page.render("mail/every.html", mails=mailbox.newest())

    def one(page: Page, name: str) -> HttpResponse:
        found = _found(mailbox, page, name)
        return page.render(
            "mail/one.html",
            name=name,
            subject=str(found["Subject"]),
            at=parsedate_to_datetime(str(found["Date"])),
            text=linked(text_of(found), web.origins),
            files=[part.get_filename() for part in found.iter_attachments()],
        )

    def file(page: Page, name: str, number: int) -> HttpResponse:
        files = list(_found(mailbox, page, name).iter_attachments())
        if number >= len(files):
            raise Http404
        data = files[number].get_payload(decode=True)
        assert isinstance(data, bytes)  # our attachments are not multipart
        response = HttpResponse(data, content_type="application/octet-stream")
        response.headers["Content-Disposition"] = f'attachment; filename="{files[number].get_filename()}"'
        response.headers["Cache-Control"] = "no-store"
        return response

    return [
        path("mail", open_page(web, every, methods=("GET",)), name="mail"),
        path("mail/<slug:name>", open_page(web, one, methods=("GET",)), name="mail-one"),
        path("mail/<slug:name>/<int:number>", open_page(web, file, methods=("GET",)), name="mail-file"),
    ]


def text_of(mail: EmailMessage) -> str:
    """A mail's plain words."""
    part = mail.get_body(("plain",))
    return "" if part is None else unflowed(str(part.get_content()))


def linked(text: str, origins: Origins) -> SafeString:
    """The text as HTML in which addresses of this registry, and no others, are links."""
    ours = "|".join(re.escape(origin) for origin in (origins.main, origins.signing))
    parts = re.split(rf"((?:{ours})(?:/\S*)?)(?=\s|\Z)", text)
    return format_html_join(
        "",
        "{}",
        (
            (format_html('<a href="{}">{}</a>', part, part) if place % 2 else part,)
            for place, part in enumerate(parts)
        ),
    )


def _found(mailbox: FolderMailbox, page: Page, name: str) -> EmailMessage:
    _require_loopback(page.request)
    found = mailbox.read(name)
    if found is None:
        raise Http404
    return found


def _require_loopback(request: HttpRequest) -> None:
    try:
        here = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        raise Http404 from None
    mapped = getattr(here, "ipv4_mapped", None)
    if not (mapped or here).is_loopback:
        raise Http404
