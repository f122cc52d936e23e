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

from consent.log.outbox import CLAIM
from consent.server.mail.mailbox import AddressUnusableError, MailboxAwayError, MailRefusedError
from consent.server.settings.mail import SmtpSettings

CONNECT_S = 10.0
CONVERSATION_S = CLAIM.total_seconds() - 15.0  # ends while the row's claim still stands
# RFC 2606 §2 and §3: names at which nobody can ever have a mailbox.
RESERVED = (".example", ".invalid", ".localhost", ".test", ".example.com", ".example.net", ".example.org")


class SmtpMailbox:
    """Hands each mail in over a connection of its own; no conversation outlasts a row's claim."""

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        conversation_s: float = CONVERSATION_S,
    ) -> None:
        self._settings = settings
        self._context = context
        self._conversation_s = conversation_s

    def deliver(self, message: EmailMessage) -> None:
        """Hand it in. TLS and a sign-in come before anything is said of the mail."""
        domain = str(message["To"]).rpartition("@")[2].rstrip(">").lower()
        if f".{domain}".endswith(RESERVED):
            raise AddressUnusableError
        until = time.monotonic() + self._conversation_s
        try:
            server = self._connect()
        except (OSError, smtplib.SMTPException) as exc:
            raise MailboxAwayError(type(exc).__name__) from exc
        with _closed_at(until, server):
            try:
                server.send_message(message)
            except (OSError, smtplib.SMTPException) as exc:
                raise MailRefusedError(type(exc).__name__) from exc
            except (UnicodeError, ValueError) as exc:
                raise AddressUnusableError from exc

    def _connect(self) -> smtplib.SMTP:
        to = self._settings
        if to.tls == "first":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                to.host, to.port, timeout=CONNECT_S, context=self._context()
            )
        else:
            server = smtplib.SMTP(to.host, to.port, timeout=CONNECT_S)
        try:
            if to.tls == "starttls":
                server.starttls(context=self._context())  # SMTPNotSupportedError where it is not offered
            if to.user:
                server.login(to.user, to.password)
            if server.sock is not None:
                server.sock.settimeout(self._conversation_s)
        except (OSError, smtplib.SMTPException):
            server.close()
            raise
        return server


@contextlib.contextmanager
def _closed_at(until: float, server: smtplib.SMTP) -> Iterator[None]:
    """Close the connection at the end, and at `until` on the monotonic clock whatever the server does.

    QUIT is said and its answer not waited for: the mail is in the server's care, and COMMIT comes next.
    """

    def cut() -> None:
        with contextlib.suppress(OSError):
            if server.sock is not None:
                server.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, until - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.putcmd("QUIT")
        server.close()
