"""`/mail` shows a laptop's mail to the person in front of it, and to nobody else."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mail.post import Post
    from tests.registry.world import World

HOST = "registry.example"


def _client(**environ: Any) -> Any:
    from django.test import Client

    return Client(headers={"host": HOST}, **environ)


@pytest.fixture
def served(log_ports: Any, post: "Post") -> Any:
    """The pages of /mail alone, over the world's folder."""
    from consent.server.mail.pages import mail_urls
    from tests.web.browserless import serve

    with serve(log_ports, views=lambda ports: mail_urls(replace(ports, laptop=True), post.ports())) as site:
        yield site


def test_mail_is_listed_newest_first_and_shown_with_its_links(
    served: Any, world: "World", post: "Post"
) -> None:
    person = world.person()
    identity = post.rows(person, "identity")[0]
    grant = world.grant(world.organization("Alpha <b>Company</b>"), person).grant
    signed = post.rows(person, "signed")[0]
    post.send(identity)
    post.send(signed)
    client = _client()
    listed = client.get("/mail", secure=True)
    html = listed.content.decode()
    assert html.index(f'href="/mail/{signed.id}">Your signed copy<') < html.index(
        f'href="/mail/{identity.id}"'
    )
    shown = client.get(f"/mail/{signed.id}", secure=True)
    html = shown.content.decode()
    link = f"https://{HOST}/consents/{grant}/end"
    assert f'<a href="{link}">{link}</a>' in html
    assert "Alpha &lt;b&gt;Company&lt;/b&gt;" in html and "<b>Company" not in html
    assert "adelheid" not in html.lower() and "querfurth" not in html.lower()
    assert "script-src" not in shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    file = client.get(f"/mail/{signed.id}/1", secure=True)
    assert file.headers["Content-Disposition"] == 'attachment; filename="proof.grant.json"'
    assert b'"key_chain"' in file.content
    assert client.get(f"/mail/{signed.id}/2", secure=True).status_code == 404
    assert client.get("/mail/out_nothing", secure=True).status_code == 404


def test_an_address_that_is_not_ours_is_no_link(served: Any) -> None:
    from consent.server.mail.pages import linked

    origins = served.ports.origins
    said = linked(
        f"see {origins.main}/a?b=1&c=2 and https://evil.example/x, {origins.main}.evil.example/y "
        'javascript:alert(1) "><script>',
        origins,
    )
    assert said.count("<a ") == 1 and f'<a href="{origins.main}/a?b=1&amp;c=2">' in said
    assert "<script>" not in said


@pytest.mark.parametrize("address", ["192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "", "localhost"])
def test_nobody_elsewhere_reads_it(served: Any, post: "Post", world: "World", address: str) -> None:
    row = post.rows(world.person(), "identity")[0]
    post.send(row)
    for path in ("/mail", f"/mail/{row.id}", f"/mail/{row.id}/0"):
        assert _client(REMOTE_ADDR=address).get(path, secure=True).status_code == 404
    assert _client(REMOTE_ADDR="::1").get(f"/mail/{row.id}", secure=True).status_code == 200


def test_a_page_of_another_name_that_leads_here_reads_nothing(served: Any) -> None:
    from django.test import Client

    # DNS rebinding: the browser believes that evil.example is this machine.
    answer = Client(headers={"host": "evil.example"}).get("/mail", secure=True)
    assert answer.status_code in (302, 303, 421) and b"Mail on this computer" not in answer.content


def test_it_is_not_there_with_a_mail_server_or_away_from_a_laptop(post: "Post", log_ports: Any) -> None:
    from consent.server.mail.pages import mail_urls
    from consent.server.mail.smtp import SmtpMailbox
    from consent.server.settings.mail import SmtpSettings
    from consent.web.ports import WebPorts

    web = WebPorts(registry=post.world.ports, version="0")
    smtp = SmtpMailbox(SmtpSettings(host="localhost", port=25, tls="none", user="", password=""))
    assert mail_urls(web, post.ports()) == []
    assert mail_urls(replace(web, laptop=True), post.ports(smtp)) == []
    assert len(mail_urls(replace(web, laptop=True), post.ports())) == 3


def test_a_name_that_leads_out_of_the_folder_is_none(post: "Post") -> None:
    from consent.server.mail.folder import FolderMailbox

    post.folder.mkdir()
    (post.folder.parent / "secret.eml").write_text("From: a\n\nsecret")
    for name in ("../secret", "secret", "", ".", "out_" + "a" * 25 + "/", "out_" + "A" * 26):
        assert FolderMailbox(post.folder).read(name) is None
