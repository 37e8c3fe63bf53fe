"""Mail as a transport: a message to each recipient, and none of them twice."""

from collections.abc import Iterator

import pytest

from connectors.base import Context, Event, HttpParcel
from connectors.registry import format_of
from hub.errors import DeliveryError
from hub.targets.outbound import Outbound
from hub.targets.relay import Relay, RelayAddress
from hub.targets.smtp import SmtpTransport
from hub.targets.transport import Request
from tests.rigs.mail import MailServer
from tests.rigs.waiting import DEADLINE_S

EVENT = Event(
    "evt_1", "story.create", "2026-11-23T21:04:06.123Z", "ACME", b'{"name": "Caf\xc3\xa9\\r\\nBcc: x@y.org"}'
)
TO_BOTH = "mailto:ann@x.org,bob@x.org"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as one:
        yield one


@pytest.fixture
def door(server: MailServer) -> Iterator[Outbound]:
    relay = Relay(RelayAddress("127.0.0.1", server.port, False, "hub@x.org"), "hub.example")
    one = Outbound(transports={"mailto": lambda addresses: SmtpTransport(relay)})
    yield one
    one.close()


def mail(url: str) -> Request:
    parcel = format_of("email").request(EVENT, Context("dlv_1", host="hub.example"))
    return Request(url, parcel, total_timeout_s=DEADLINE_S, connect_timeout_s=DEADLINE_S)


def test_each_recipient_gets_a_message_of_their_own(server: MailServer, door: Outbound) -> None:
    receipt = door.send(mail(TO_BOTH))
    assert receipt.answer.status == 250
    assert [(one.recipient, one.parsed["to"]) for one in server.mails] == [
        ("ann@x.org",) * 2,
        ("bob@x.org",) * 2,
    ]
    [first, second] = [one.parsed for one in server.mails]
    assert first["message-id"] == second["message-id"] == "<dlv_1@hub.example>"
    assert first["references"] == "<evt_1@hub.example>"
    assert first["auto-submitted"] == "auto-generated"
    assert first["list-id"] == "<acme.hookhub.hub.example>"
    assert first["date"]
    assert first["bcc"] is None
    assert "Café" in first["subject"]
    text, html = first.get_body(["plain"]), first.get_body(["html"])
    assert text is not None
    assert html is not None
    assert "Café" in text.get_content()
    assert "Café" in html.get_content()


def test_whoever_has_it_does_not_get_it_again(server: MailServer, door: Outbound) -> None:
    server.replies["RCPT bob@x.org"] = "451 4.7.1 greylisted"
    receipt = door.send(mail(TO_BOTH))
    judged = format_of("email").judge(receipt.answer)
    assert (judged.blames, judged.after_s) == ("later", 300)
    del server.replies["RCPT bob@x.org"]
    assert format_of("email").judge(door.send(mail(TO_BOTH)).answer).blames is None
    assert [one.recipient for one in server.mails] == ["ann@x.org", "bob@x.org"]
    door.send(mail(TO_BOTH))  # a person sends it again: all get it
    assert len(server.mails) == 4


def test_what_breaks_off_in_the_middle_goes_on_there(server: MailServer, door: Outbound) -> None:
    server.replies["DATA bob@x.org"] = "CLOSE"
    with pytest.raises(DeliveryError) as caught:
        door.send(mail(TO_BOTH))
    assert caught.value.fault == "hub"
    del server.replies["DATA bob@x.org"]
    door.send(mail(TO_BOTH))
    assert [one.recipient for one in server.mails] == ["ann@x.org", "bob@x.org"]


def test_without_a_relay_it_waits_and_counts_against_nobody() -> None:
    door = Outbound(transports={"mailto": lambda addresses: SmtpTransport(None)})
    with pytest.raises(DeliveryError, match="no mail relay") as caught:
        door.send(mail(TO_BOTH))
    assert (caught.value.fault, caught.value.phase) == ("hub", "connect")


def test_what_is_no_mail_or_names_nobody_is_refused(door: Outbound) -> None:
    for request in (Request(TO_BOTH, HttpParcel({}, b"{}")), mail("mailto:a@x.org?bcc=b@x.org")):
        with pytest.raises(DeliveryError) as caught:
            door.send(request)
        assert caught.value.fault == "refused"
