"""A real SMTP server that remembers what it took, and can be told to refuse, to hang or to call somebody."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.integration.running import free_port


@dataclass(frozen=True)
class Taken:
    """One mail that the server said 250 to, or would have."""

    message_id: str
    sender: str
    to: tuple[str, ...]
    mail: EmailMessage


class PostOffice:
    """Use as a context manager. `on_rcpt` and `on_data` run before the server answers; a text is its answer."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        context: ssl.SSLContext | None = None,
        tls: str = "none",
        password: str | None = None,
    ) -> None:
        self.host, self.port = host, free_port()
        self.taken: list[Taken] = []
        self.asked: list[str] = []
        self.on_rcpt: Callable[[str], str | None] = lambda address: None
        self.on_data: Callable[[Taken], str | None] = lambda taken: None
        self._lock = threading.Lock()
        options: dict[str, Any] = {}
        if tls == "starttls":
            options = {"tls_context": context, "require_starttls": True}
        elif tls == "first":
            options = {"ssl_context": context}
        if password is not None:
            options |= {
                "authenticator": lambda server, session, envelope, mechanism, data: AuthResult(
                    success=getattr(data, "password", b"") == password.encode(), handled=False
                ),
                "auth_require_tls": False,
            }
        self._options = options

    def __enter__(self) -> "PostOffice":
        self._controller = Controller(self, hostname=self.host, port=self.port, **self._options)
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._controller.stop()

    def ids(self) -> list[str]:
        """The Message-IDs of what was taken, in order."""
        with self._lock:
            return [taken.message_id for taken in self.taken]

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd."""
        self.asked.append(address)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(None, self.on_rcpt, address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Called by aiosmtpd: the mail is taken from here on, whether the other side hears of it or not."""
        mail = BytesParser(EmailMessage, policy=policy.default).parsebytes(envelope.content)
        taken = Taken(
            message_id=str(mail["Message-ID"]),
            sender=envelope.mail_from,
            to=tuple(envelope.rcpt_tos),
            mail=mail,
        )

        def take() -> str | None:
            answer = self.on_data(taken)
            if answer is None or answer.startswith("2"):
                with self._lock:
                    self.taken.append(taken)
            return answer

        # On a thread, which ends its work even if the other side has gone.
        return await asyncio.get_running_loop().run_in_executor(None, take) or "250 OK"
