"""Where composed mail is handed in."""

from email.message import EmailMessage
from typing import Protocol


class MailboxAwayError(Exception):
    """The mailbox cannot be reached now; nothing was handed in. `cause` names the class of what went wrong."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class MailRefusedError(Exception):
    """This mail was not taken, or it is unknown whether it was. `cause` names a class; never an address."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class AddressUnusableError(Exception):
    """No mail server could deliver to this address, whenever it is tried. Says nothing of the address."""


class Mailbox(Protocol):
    """Takes mail. The same mail may come again under the same Message-ID, after a crash."""

    def deliver(self, message: EmailMessage, *, until: float) -> None:
        """Hand `message` in; it is in others' care when this returns, which is before `until`.

        `until` is on the monotonic clock, in seconds: from then on somebody else may hand it in.

        Raises:
            MailboxAwayError, MailRefusedError: try again later. AddressUnusableError: never.
        """
