"""Hooks that mail people, over the API, through a real mail server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rigs.api import Client, LiveHub, publish, serving
from tests.rigs.mail import MailServer
from tests.rigs.waiting import until

TO_BOTH = "mailto:ann@x.org,bob@x.org"
MAIL = {"target_url": TO_BOTH, "events": ["*"]}


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with MailServer() as one:
        yield one


@pytest.fixture(scope="module")
def running(server: MailServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    relay = {"HUB_SMTP_URL": f"smtp://127.0.0.1:{server.port}", "HUB_MAIL_FROM": "Hub <hub@x.org>"}
    with serving(tmp_path_factory.mktemp("hub"), **relay) as live:
        yield live


@pytest.fixture
def api(running: LiveHub) -> Client:
    return running.client("manage", "publish", "read", project=running.project())


def test_an_event_becomes_a_mail_to_each(api: Client, server: MailServer) -> None:
    before = len(server.mails)
    made = api.post("/hooks", json=MAIL)
    assert (made.status_code, made.json()["format"]) == (201, "email")
    publish(api, b'{"name": "Ready"}')
    until(lambda: len(server.mails) >= before + 2)
    assert {mail.recipient for mail in server.mails[before:]} == {"ann@x.org", "bob@x.org"}

    [delivery] = until(lambda: api.get("/deliveries", params={"state": "delivered"}).json())
    told = api.get(f"/deliveries/{delivery['id']}").json()
    [attempt] = told["attempts"]
    assert (attempt["request"]["method"], attempt["response"]["status"]) == ("MAIL", 250)
    assert f"<{delivery['id']}@" in attempt["request"]["headers"]["Message-ID"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"target_url": "mailto:ann@x.org?bcc=eve@x.org"}, "target_url"),
        ({"target_url": "mailto:" + ",".join(f"a{n}@x.org" for n in range(21))}, "target_url"),
        ({"format": "standard"}, "format"),
        ({"headers": {"X-A": "b"}}, "headers"),
        ({"handshake": "rest-hooks"}, "handshake"),
        ({"target_url": "https://example.org/", "format": "email"}, "target_url"),
    ],
)
def test_what_is_no_mail_is_refused_by_its_field(api: Client, fields: dict[str, object], field: str) -> None:
    refused = api.post("/hooks", json={**MAIL, **fields})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_a_hook_changes_from_http_to_mail_and_back_with_its_format(api: Client) -> None:
    hook = api.post("/hooks", json={"target_url": "http://127.0.0.1:9000/x", "events": ["*"]}).json()
    path = f"/hooks/{hook['id']}"
    assert api.patch(path, json={"target_url": TO_BOTH}).json()["errors"][0]["field"] == "format"
    assert api.patch(path, json={"target_url": TO_BOTH, "format": "email"}).status_code == 200
    assert api.patch(path, json={"format": "github"}).json()["errors"][0]["field"] == "format"
    back = {"target_url": "http://127.0.0.1:9000/x", "format": "standard"}
    assert api.patch(path, json=back).status_code == 200


def test_when_all_addresses_are_gone_so_is_the_hook(api: Client, server: MailServer) -> None:
    server.replies["RCPT gone@x.org"] = "550 5.1.1 no such user"
    one = api.post("/hooks", json={**MAIL, "target_url": "mailto:gone@x.org,here@x.org"}).json()
    other = api.post("/hooks", json={**MAIL, "target_url": "mailto:gone@x.org"}).json()
    publish(api)
    until(lambda: api.get(f"/hooks/{other['id']}").json()["state"] == "gone")
    until(lambda: server.to("here@x.org"))
    [delivery] = until(
        lambda: api.get(f"/hooks/{one['id']}/deliveries", params={"state": "delivered"}).json()
    )
    [attempt] = api.get(f"/deliveries/{delivery['id']}").json()["attempts"]
    assert attempt["reason"] == "gone@x.org: RCPT 550 5.1.1 no such user"
    assert api.get(f"/hooks/{one['id']}").json()["state"] == "active"
    reason = api.get(f"/hooks/{other['id']}").json()["disabled_reason"]
    assert reason == "the target is gone for good: gone@x.org: RCPT 550 5.1.1 no such user"


def test_a_preview_shows_the_mail(api: Client) -> None:
    event = publish(api, b'{"name": "Ready"}').json()["id"]
    shown = api.post("/hooks/preview", json={**MAIL, "event_id": event}).json()
    assert shown["request"]["method"] == "MAIL"
    assert "Ready" in shown["request"]["body"]


def test_without_a_relay_the_answer_says_what_is_missing(tmp_path: Path, running: LiveHub) -> None:
    subscriptions = running.hub.services.subscriptions
    api = running.client("manage", project=running.project())
    subscriptions.sends_mail = False
    try:
        refused = api.post("/hooks", json=MAIL)
    finally:
        subscriptions.sends_mail = True
    assert refused.status_code == 422
    assert "HUB_SMTP_URL" in refused.json()["errors"][0]["message"]
