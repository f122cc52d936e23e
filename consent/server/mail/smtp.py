"""A mail server as mailbox.

SMTP cannot deliver exactly once: between the server taking the mail and our COMMIT of `sent_at` a crash
leaves a mail that was taken and a row that is due, and so does a server's "250" that never arrives. The
repeat carries the same Message-ID, by which mail programs and people recognise it. Everything that can
fail is therefore done before the mail is handed over, and nothing between the answer and the COMMIT.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage

from consent.server.mail.mailbox import AddressUnusableError, MailboxAwayError, MailRefusedError
from consent.server.settings.mail import SmtpSettings

STEP_S = 10.0  # for each answer until the mail itself is said
# RFC 2606 §2 and §3: names at which nobody can ever have a mailbox.
RESERVED = (".example", ".invalid", ".localhost", ".test", ".example.com", ".example.net", ".example.org")


class SmtpMailbox:
    """Hands each mail in over a connection of its own."""

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._context = context
        self._monotonic = monotonic

    def deliver(self, message: EmailMessage, *, until: float) -> None:
        """Hand it in. TLS and a sign-in come before anything is said of the mail."""
        domain = str(message["To"]).rpartition("@")[2].rstrip(">").lower()
        if f".{domain}".endswith(RESERVED):
            raise AddressUnusableError
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as exc:
            raise MailboxAwayError(type(exc).__name__) from exc
        left_s = until - self._monotonic()
        with _closed_after(left_s, server):
            if left_s <= 0:
                raise MailboxAwayError("TimeoutError")  # a server this slow is as good as away
            try:
                server.send_message(message)
            except (OSError, smtplib.SMTPException) as exc:
                raise MailRefusedError(type(exc).__name__) from exc
            except (UnicodeError, ValueError) as exc:
                raise AddressUnusableError from exc

    def _connect(self) -> smtplib.SMTP:
        to = self._settings
        if to.tls == "first":
            server: smtplib.SMTP = smtplib.SMTP_SSL(to.host, to.port, timeout=STEP_S, context=self._context())
        else:
            server = smtplib.SMTP(to.host, to.port, timeout=STEP_S)
        try:
            if to.tls == "starttls":
                server.starttls(context=self._context())  # SMTPNotSupportedError where it is not offered
            if to.user:
                server.login(to.user, to.password)
            if server.sock is not None:
                server.sock.settimeout(None)  # from here on the end is known, and `_closed_after` brings it
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server


@contextlib.contextmanager
def _closed_after(left_s: float, server: smtplib.SMTP) -> Iterator[None]:
    """Close the connection at the end, and after `left_s` whatever the server does.

    QUIT is said and its answer not waited for: the mail is in the server's care, and COMMIT comes next.
    """

    def cut() -> None:
        with contextlib.suppress(OSError):
            if server.sock is not None:
                server.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, left_s), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.putcmd("QUIT")
        server.close()
