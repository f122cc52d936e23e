"""The laptop's mailbox: one file a mail, named by its Message-ID, so that a repeat changes nothing."""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import parsedate_to_datetime
from pathlib import Path

from consent.log import durable_file
from consent.server.mail.mailbox import MailboxAwayError, MailRefusedError

_NAME = re.compile(r"out_[a-z2-7]{26}")
_ENDING = ".eml"
MOST = 100  # mails that a list shows
_HEAD_BYTES = 4096  # of ours; what goes with a mail may be long


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of a list of mails."""

    name: str
    subject: str
    at: datetime


class FolderMailbox:
    """Mail in a folder; for one machine and the person in front of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, message: EmailMessage, *, until: float) -> None:
        """Write the file at once or not at all; one that is there already stays."""
        name = message_name(message)
        if name is None:
            raise MailRefusedError("MessageIdMissing")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            durable_file.create(self._folder / f"{name}{_ENDING}", message.as_bytes(policy=policy.SMTP))
        except OSError as exc:
            raise MailboxAwayError(type(exc).__name__) from exc

    def newest(self) -> list[Listed]:
        """What stands in the heads of the newest mails, newest first."""
        try:
            paths = [path for path in self._folder.glob(f"*{_ENDING}") if _NAME.fullmatch(path.stem)]
            paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
        except OSError:
            return []
        found = ((path.stem, self._read(path.stem, most=_HEAD_BYTES)) for path in paths[:MOST])
        return [_listed(name, data) for name, data in found if data is not None]

    def read(self, name: str) -> EmailMessage | None:
        """One mail; None if there is none of this name."""
        data = self._read(name)
        if data is None:
            return None
        return BytesParser(EmailMessage, policy=policy.default).parsebytes(data)

    def _read(self, name: str, *, most: int = -1) -> bytes | None:
        if not _NAME.fullmatch(name):
            return None
        try:
            with (self._folder / f"{name}{_ENDING}").open("rb") as file:
                return file.read(most)
        except OSError:
            return None


def message_name(message: EmailMessage) -> str | None:
    """The outbox id in a Message-ID of ours."""
    local = str(message["Message-ID"] or "").strip("<>").partition("@")[0]
    return local if _NAME.fullmatch(local) else None


def _listed(name: str, data: bytes) -> Listed:
    # Without the policy that reads structured headers: it takes milliseconds for each mail.
    head = BytesHeaderParser().parsebytes(data.partition(b"\r\n\r\n")[0])
    return Listed(
        name=name,
        subject=str(make_header(decode_header(str(head["Subject"])))),
        at=parsedate_to_datetime(str(head["Date"])),
    )
