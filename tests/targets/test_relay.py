"""The relay: what is said to it, and whose fault each of its replies is; against a real mail server."""

from pathlib import Path

import pytest

from hub import config
from hub.errors import DeliveryError
from hub.targets.relay import REST_S, Relay, RelayAddress, message_bytes, relay_address
from tests.rigs.authority import Authority
from tests.rigs.mail import MailServer
from tests.rigs.ports import free_port
from tests.rigs.waiting import DEADLINE_S

HEADERS = {"Subject": "Zoë's story is done", "Message-ID": "<dlv_1@hub.example>"}
BODY = b"Hello\r\n.a dot\r\n"


def to(server: MailServer, **more: object) -> Relay:
    where = {"host": "127.0.0.1", "port": server.port, "is_tls": False, "sender": "Hub <hub@x.org>", **more}
    return Relay(RelayAddress(**where), "hub.example")  # type: ignore[arg-type]


def test_a_mail_arrives_as_it_was_made() -> None:
    with MailServer() as server:
        relay = to(server, user="me@x.org", password="s3cret")
        assert relay.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S) == "DATA 250 2.0.0 Ok: queued"
        relay.close()
    [mail] = server.mails
    assert (mail.sender, mail.recipient, mail.login) == ("hub@x.org", "ann@x.org", "me@x.org:s3cret")
    assert mail.parsed["subject"] == HEADERS["Subject"]
    assert (mail.parsed["from"], mail.parsed["to"]) == ("Hub <hub@x.org>", "ann@x.org")
    assert mail.raw.endswith(b"\r\n\r\n" + BODY)
    assert "EHLO hub.example" in server.commands


def test_one_connection_is_used_again() -> None:
    with MailServer() as server:
        relay = to(server)
        for person in ("ann@x.org", "bob@x.org"):
            relay.send(person, HEADERS, BODY, DEADLINE_S, DEADLINE_S)
        relay.close()
    assert {mail.connection for mail in server.mails} == {1}


@pytest.mark.parametrize(
    ("command", "reply", "told"),
    [
        ("RCPT ann@x.org", "550 5.1.1 no such user", "RCPT 550 5.1.1 no such user"),
        ("RCPT ann@x.org", "451 4.7.1 greylisted", "RCPT 451 4.7.1 greylisted"),
        ("DATA ann@x.org", "554 5.6.0 refused", "DATA 554 5.6.0 refused"),
        ("DATA", "452 no room", "DATA 452 no room"),
        ("MAIL", "552 too big", "MAIL 552 too big"),
    ],
)
def test_what_it_says_about_a_message_is_told_with_the_command_that_it_was_about(
    command: str, reply: str, told: str
) -> None:
    with MailServer({command: reply}) as server:
        relay = to(server)
        assert relay.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S) == told
        relay.close()


@pytest.mark.parametrize(
    ("command", "reply", "reason"),
    [
        ("AUTH", "535 5.7.8 wrong", "refuses the login: 535 5.7.8 wrong"),
        ("MAIL", "550 not you", "refuses MAIL: 550 not you"),
        ("CONNECT", "421 too busy", "refuses the connection: 421 too busy"),
        ("DATA ann@x.org", "CLOSE", "broke off"),
    ],
)
def test_what_is_wrong_with_the_relay_is_the_hubs_own_trouble(command: str, reply: str, reason: str) -> None:
    with MailServer({command: reply}) as server:
        relay = to(server, user="me", password="s3cret")
        with pytest.raises(DeliveryError, match=reason) as caught:
            relay.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S)
        relay.close()
    assert caught.value.fault == "hub"
    assert "s3cret" not in caught.value.reason


def test_a_relay_that_is_not_there_is_left_alone_for_a_while() -> None:
    now = [100.0]
    relay = Relay(RelayAddress("127.0.0.1", free_port(), False, "hub@x.org"), clock=lambda: now[0])
    with pytest.raises(DeliveryError, match="is not to be had") as first:
        relay.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S)
    with pytest.raises(DeliveryError) as second:
        relay.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S)
    assert (first.value.fault, second.value.reason) == ("hub", first.value.reason)
    with MailServer({"CONNECT": "220 back"}) as other:
        relay.address = RelayAddress("127.0.0.1", other.port, False, "hub@x.org")
        now[0] += REST_S
        assert relay.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S).startswith("DATA 250")
        relay.close()


def test_elsewhere_nothing_is_said_before_tls(authority: Authority) -> None:
    """`127.0.0.1.` is not seen as this machine, so that loopback can stand for elsewhere."""
    with MailServer() as server:
        relay = to(server, host="localhost.", user="me", password="s3cret")
        with pytest.raises(DeliveryError, match="offers no STARTTLS"):
            relay.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S)
        relay.close()
    assert not [command for command in server.commands if command.startswith(("AUTH", "MAIL"))]

    with MailServer(tls=authority.context("localhost")) as server:
        distrusting = to(server, host="localhost.")
        with pytest.raises(DeliveryError, match="certificate"):
            distrusting.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S)
        trusting = to(server, host="localhost.", ca_file=authority.ca_file, user="me", password="s3cret")
        trusting.send("ann@x.org", HEADERS, BODY, DEADLINE_S, DEADLINE_S)
        trusting.close()
    assert [(mail.is_tls, mail.login) for mail in server.mails] == [(True, "me:s3cret")]


def test_a_look_sends_nothing_and_finds_a_wrong_login() -> None:
    with MailServer({"AUTH": "535 5.7.8 wrong"}) as server:
        to(server).look(DEADLINE_S)
        with pytest.raises(DeliveryError, match="the login: 535"):
            to(server, user="me", password="wrong").look(DEADLINE_S)
    assert not [command for command in server.commands if command.startswith("MAIL")]


def test_a_header_value_can_add_no_header() -> None:
    with pytest.raises(ValueError, match="may not contain"):
        message_bytes({"Subject": "one\r\nBcc: x@y.org"}, "hub@x.org", "ann@x.org")


def test_the_address_comes_from_the_configuration(tmp_path: Path) -> None:
    given = {"HUB_DATA_DIR": str(tmp_path)}
    assert relay_address(config.load(given)) is None
    given |= {
        "HUB_SMTP_URL": "smtps://me%40x.org@[::1]",
        "HUB_SMTP_PASSWORD": "p",
        "HUB_MAIL_FROM": "a@b.org",
    }
    found = relay_address(config.load(given))
    assert found is not None
    assert (found.host, found.port, found.user, found.is_tls) == ("::1", 465, "me@x.org", True)
    assert (found.url, found.is_local, found.password) == ("smtps://[::1]:465", True, "p")
