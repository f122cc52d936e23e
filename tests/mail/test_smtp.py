"""Mail by a real SMTP server: under TLS or not at all, once where the server can be asked, and put off else."""

import contextlib
import ipaddress
import logging
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.mail.post_office import PostOffice

if TYPE_CHECKING:
    from tests.mail.post import Post
    from tests.registry.world import World

ADDRESS = "planted.person@post.internal"
ELSEWHERE = "127.0.0.2"  # a loopback address that no setting calls this machine


def _mailbox(office: PostOffice, **changes: Any) -> Any:
    from consent.server.mail.smtp import SmtpMailbox
    from consent.server.settings.mail import SmtpSettings

    options = {name: changes.pop(name) for name in ("context",) if name in changes}
    said = {"tls": "none", "user": "", "password": "", **changes}
    return SmtpMailbox(SmtpSettings(host=office.host, port=office.port, **said), **options)


def _row(world: "World", post: "Post", address: str = ADDRESS) -> Any:
    from consent.log.models import Outbox
    from tests.mail.post import newcomer

    return Outbox.objects.get(performer_id=str(newcomer(world, address)), kind="identity")


def test_a_mail_is_handed_in_once_and_marked(world: "World", post: "Post") -> None:
    from consent.log.models import Outbox
    from consent.server.mail.delivery import deliver

    row = _row(world, post)
    with PostOffice() as office:
        ports = post.ports(_mailbox(office))
        assert deliver(ports, row.id) and not deliver(ports, row.id)
    (taken,) = office.taken
    assert (taken.sender, taken.to) == ("consent@registry.example", (ADDRESS,))
    assert taken.message_id == f"<{row.id}@registry.example>"
    assert taken.mail["Auto-Submitted"] == "auto-generated" and taken.mail["Bcc"] is None
    after = Outbox.objects.get(id=row.id)
    assert after.sent_at is not None and after.attempts == 1 and after.claimed_until is None


def test_two_at_once_hand_in_one(world: "World", post: "Post") -> None:
    from django.db import connection

    from consent.server.mail.delivery import deliver

    row = _row(world, post)
    gate, sent = threading.Barrier(4), []

    def work() -> None:
        gate.wait()
        try:
            sent.append(deliver(ports, row.id))
        finally:
            connection.close()

    with PostOffice() as office:
        ports = post.ports(_mailbox(office))
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(sent) == [False, False, False, True] and len(office.taken) == 1


def _failed(world: "World", post: "Post", mailbox: Any) -> Any:
    """One attempt that fails; the row after it."""
    from consent.log.models import Outbox
    from consent.server.mail.delivery import deliver
    from consent.server.mail.mailbox import MailboxAwayError

    row = _row(world, post)
    with contextlib.suppress(MailboxAwayError):
        assert not deliver(post.ports(mailbox), row.id)
    after = Outbox.objects.get(id=row.id)
    assert after.sent_at is None and after.given_up_at is None and after.claimed_until is None
    assert after.next_attempt_at > row.next_attempt_at
    return after


def test_a_refusal_is_put_off_and_names_nobody(
    world: "World", post: "Post", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with PostOffice() as office:
        office.on_rcpt = lambda address: f"550 no such person {address}"
        after = _failed(world, post, _mailbox(office))
        assert after.last_error == "SMTPRecipientsRefused" and office.taken == []
        office.on_rcpt, office.on_data = lambda address: None, lambda taken: "451 planted, come again"
        assert _failed(world, post, _mailbox(office)).last_error == "SMTPDataError"
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # the server's own
    assert not any("planted" in line.lower() for line in ours)
    assert f"notice {after.id} (identity) did not leave at attempt 1: SMTPRecipientsRefused" in ours


def test_a_server_that_is_away_is_told_from_a_mail_that_is_refused(world: "World", post: "Post") -> None:
    office = PostOffice()  # nobody listens
    assert _failed(world, post, _mailbox(office)).last_error == "ConnectionRefusedError"


def test_a_server_that_hangs_is_left_before_the_claim_ends(
    world: "World", post: "Post", monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.outbox import CLAIM
    from consent.server.mail import delivery

    assert 0 < delivery.MARGIN_S < CLAIM.total_seconds() / 2
    monkeypatch.setattr(delivery, "MARGIN_S", CLAIM.total_seconds() - 1.0)
    done = threading.Event()
    with PostOffice() as office:
        office.on_data = lambda taken: "451 too late" if done.wait(20) else None
        after = _failed(world, post, _mailbox(office))
        done.set()
        assert after.last_error == "SMTPServerDisconnected"
        monkeypatch.setattr(
            delivery, "MARGIN_S", CLAIM.total_seconds() + 1.0
        )  # as if composing took too long
        office.asked.clear()
        assert _failed(world, post, _mailbox(office)).last_error == "TimeoutError"
        assert office.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "nobody@performers.example",
        "nobody@example.com",
        "nobody@deep.below.example.org",
        "prf_test_allow@performers.invalid",
        "nobody@localhost",
        "no address",
        "@post.internal",
        "a@",
        "a@b@post.internal",
        "a@post.internal, b@post.internal",
        "A Name <a@post.internal>",
        "a@post..internal",
        "a@post.internal.",
        "a b@post.internal",
        '"a b"@post.internal',
        "a@[127.0.0.1]",
        "a,b@post.internal",
        "a:b@post.internal",
    ],
)
def test_an_address_that_reaches_nobody_is_given_up_at_once(
    world: "World", post: "Post", address: str
) -> None:
    from consent.log.models import Outbox
    from consent.server.mail.delivery import deliver

    row = _row(world, post, address)
    with PostOffice() as office:
        assert not deliver(post.ports(_mailbox(office)), row.id)
    after = Outbox.objects.get(id=row.id)
    assert after.given_up_at is not None and after.last_error == "AddressUnusableError"
    assert office.asked == [] and office.taken == []


@pytest.mark.parametrize("address", ["a.b+c'd!@post.internal", "a@sub-1.post.internal", "ü@bücher.internal"])
def test_an_unusual_address_is_tried(world: "World", post: "Post", address: str) -> None:
    row = _row(world, post, address)
    with PostOffice() as office:
        from consent.server.mail.delivery import deliver

        assert deliver(post.ports(_mailbox(office)), row.id)
    assert office.taken[0].to == (address.replace("bücher", "xn--bcher-kva"),)


def test_what_fails_for_three_days_is_given_up_with_its_secret(world: "World", post: "Post") -> None:
    from django.db.models import F

    from consent.log.errors import RecordDestroyedError
    from consent.log.models import Outbox
    from consent.log.outbox import LIFE
    from consent.server.mail.delivery import deliver
    from consent.server.mail.mailbox import MailboxAwayError

    offer, _ = world.invite(world.organization())
    (row,) = post.rows(offer=offer)
    Outbox.objects.filter(id=row.id).update(created_at=F("created_at") - LIFE)

    class Away:
        def deliver(self, message: Any, *, until: float) -> None:
            raise MailboxAwayError("ConnectionRefusedError")

    with pytest.raises(MailboxAwayError):
        deliver(post.ports(Away()), row.id)
    after = Outbox.objects.get(id=row.id)
    assert (after.last_error, after.sealed) == ("ConnectionRefusedError", None) and after.given_up_at
    with pytest.raises(RecordDestroyedError):
        world.ports.log.sealer.seal(str(row.record), b"", purpose="outbox")


def test_pauses_double_to_six_hours_and_are_spread() -> None:
    from consent.server.mail.delivery import pause_after

    longest = [pause_after(n, random=100) for n in range(1, 40)]
    assert longest[:3] == [timedelta(seconds=15), timedelta(seconds=30), timedelta(seconds=60)]
    assert longest[-1] == timedelta(hours=6) == max(longest) and longest == sorted(longest)
    assert pause_after(3, random=0) == timedelta(seconds=30)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[ssl.SSLContext, str]]:
    """Makes a server's TLS context for an IP address, and the file of the authority that vouches for it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    folder = tmp_path_factory.mktemp("tls")

    def make(address: str) -> tuple[ssl.SSLContext, str]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
            .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        file = folder / f"{address}.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context, str(file)

    return make


@pytest.mark.parametrize("tls", ["starttls", "first"])
def test_under_tls_the_server_must_be_who_it_says(
    world: "World", post: "Post", authority: Any, tls: str
) -> None:
    from consent.server.mail.delivery import deliver

    context, file = authority(ELSEWHERE)
    _, another = authority("127.0.0.3")
    with PostOffice(host=ELSEWHERE, context=context, tls=tls) as office:
        good = _mailbox(office, tls=tls, context=lambda: ssl.create_default_context(cafile=file))
        row = _row(world, post)
        assert deliver(post.ports(good), row.id) and len(office.taken) == 1
        wrong = _mailbox(office, tls=tls, context=lambda: ssl.create_default_context(cafile=another))
        assert _failed(world, post, wrong).last_error == "SSLCertVerificationError"
        assert _failed(world, post, _mailbox(office, tls=tls)).last_error == "SSLCertVerificationError"
    assert len(office.asked) == 1


@pytest.mark.parametrize("tls", ["starttls", "first"])
def test_a_server_that_hangs_under_tls_is_left_too(
    world: "World", post: "Post", authority: Any, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.log.outbox import CLAIM
    from consent.server.mail import delivery

    context, file = authority(ELSEWHERE)
    monkeypatch.setattr(delivery, "MARGIN_S", CLAIM.total_seconds() - 1.0)
    done = threading.Event()
    with PostOffice(host=ELSEWHERE, context=context, tls=tls) as office:
        office.on_data = lambda taken: "451 too late" if done.wait(20) else None
        mailbox = _mailbox(office, tls=tls, context=lambda: ssl.create_default_context(cafile=file))
        after = _failed(world, post, mailbox)
        done.set()
    assert after.last_error in ("SMTPServerDisconnected", "SSLEOFError", "OSError")


def test_nothing_is_said_to_a_server_elsewhere_that_offers_no_tls(world: "World", post: "Post") -> None:
    with PostOffice(host=ELSEWHERE) as office:
        after = _failed(world, post, _mailbox(office, tls="starttls", user="registry", password="planted"))
    assert after.last_error == "SMTPNotSupportedError" and office.asked == []


def test_the_password_of_the_setting_is_used(world: "World", post: "Post") -> None:
    from consent.server.mail.delivery import deliver

    with PostOffice(password="the right one") as office:
        wrong = _mailbox(office, user="registry", password="planted")
        assert _failed(world, post, wrong).last_error == "SMTPAuthenticationError"
        right = _mailbox(office, user="registry", password="the right one")
        assert deliver(post.ports(right), _row(world, post).id)
    assert len(office.taken) == 1 and "planted" not in repr(wrong._settings)


def test_the_folder_keeps_the_first_of_a_repeated_mail(world: "World", post: "Post", tmp_path: Path) -> None:
    from consent.server.mail.compose import compose
    from consent.server.mail.folder import FolderMailbox

    row = _row(world, post)
    mailbox, mail = FolderMailbox(tmp_path / "box"), compose(row, post.ports())
    mailbox.deliver(mail, until=0.0)
    (file,) = (tmp_path / "box").iterdir()
    before = (file.name, file.stat().st_mtime_ns, file.read_bytes())
    mailbox.deliver(mail, until=0.0)
    (file,) = (tmp_path / "box").iterdir()
    assert (file.name, file.stat().st_mtime_ns, file.read_bytes()) == before
    assert file.name == f"{row.id}.eml" and file.stat().st_mode & 0o077 == 0
