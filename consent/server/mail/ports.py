"""What delivering works with."""

from dataclasses import dataclass

from consent.registry.ports import RegistryPorts
from consent.server.mail.folder import FolderMailbox
from consent.server.mail.mailbox import Mailbox
from consent.server.mail.smtp import SmtpMailbox
from consent.server.metrics import Metrics
from consent.server.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPorts:
    """The registry, where mail is handed in, the address it comes from, and the figures."""

    registry: RegistryPorts
    mailbox: Mailbox
    sender: str
    metrics: Metrics


def mail_ports(settings: Settings, *, registry: RegistryPorts, metrics: Metrics) -> MailPorts:
    """By CONSENT_SMTP_URL; without one, the data folder."""
    smtp = settings.mail.smtp
    mailbox = FolderMailbox(settings.storage.data_dir / "mail") if smtp is None else SmtpMailbox(smtp)
    return MailPorts(registry=registry, mailbox=mailbox, sender=settings.mail.sender, metrics=metrics)
