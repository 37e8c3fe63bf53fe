"""TLS: who is trusted, and what a handshake that fails is called."""

import ssl
from pathlib import Path
from typing import Protocol

import pytest

from hub.targets.outbound import Outbound
from tests.rigs.authority import Authority
from tests.rigs.doors import LOOPBACK, Names, failure, hasty, post
from tests.rigs.jobs import Looped
from tests.rigs.receivers import Receiver, Wire, close_silently, hang
from tests.rigs.waiting import DEADLINE_S


class MakeDoor(Protocol):
    def __call__(self, ca_file: str | None = None) -> Outbound: ...


@pytest.fixture(params=[Outbound, Looped], ids=["single", "looped"])
def tls_door(request: pytest.FixtureRequest) -> MakeDoor:
    def make(ca_file: str | None = None) -> Outbound:
        door: Outbound = request.param(allow=LOOPBACK, ca_file=ca_file, resolve=Names(["127.0.0.1"]))
        return door

    return make


def test_it_verifies_the_certificate_against_the_given_authority(
    tls_door: MakeDoor, authority: Authority
) -> None:
    door = tls_door(authority.ca_file)
    with Receiver(tls=authority.context("hooks.example.com", "127.0.0.1")) as receiver:
        for url in (
            receiver.url,
            receiver.url_as("hooks.example.com"),
            receiver.url_as("hooks.example.com."),
        ):
            assert door.send(post(url)).answer.status == 200
        door.send(post(receiver.url))
        assert receiver.connections == 3
    door.close()


@pytest.mark.parametrize(
    ("names", "expired", "trusts"),
    [
        (("hooks.example.com",), False, False),
        (("other.example.com",), False, True),
        (("127.0.0.1",), False, True),
        (("hooks.example.com",), True, True),
    ],
    ids=["unknown authority", "wrong name", "address only", "expired"],
)
def test_a_certificate_that_is_not_good_ends_it_with_nothing_sent(
    tls_door: MakeDoor, authority: Authority, names: tuple[str, ...], expired: bool, trusts: bool
) -> None:
    door = tls_door(authority.ca_file if trusts else None)
    with Receiver(tls=authority.context(*names, expired=expired)) as receiver:
        url = receiver.url_as("hooks.example.com")
        error = failure(door, post(url))
        assert (error.phase, error.fault, error.was_sent, error.peer) == (
            "tls",
            "receiver",
            False,
            "127.0.0.1",
        )
        assert error.reason.startswith("TLS certificate not trusted: ")
        assert receiver.requests == []
        # The person may say that this receiver need not be verified; that opens nothing for the others.
        assert door.send(post(url, verify_ssl=False)).answer.status == 200
        assert failure(door, post(url)).phase == "tls"
    door.close()


def test_a_receiver_that_never_shakes_hands_ends_at_the_connect_deadline(tls_door: MakeDoor) -> None:
    door = tls_door()
    with Receiver(on_connect=Wire.pause) as mute:
        error = failure(door, hasty(mute.url.replace("http:", "https:"), total_timeout_s=DEADLINE_S))
    assert (error.phase, error.reason, error.was_sent) == ("tls", "no TLS connection within 0.5 s", False)
    door.close()


def test_a_tls_port_that_speaks_plain_http_is_a_failure_of_tls(tls_door: MakeDoor) -> None:
    door = tls_door()
    with Receiver(on_connect=lambda wire: wire.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as plain:
        error = failure(door, post(plain.url.replace("http:", "https:")))
    assert (error.phase, error.was_sent) == ("tls", False)
    assert error.reason.startswith("TLS handshake failed: ")
    door.close()


def test_a_tls_receiver_that_hangs_ends_at_the_total_deadline(
    tls_door: MakeDoor, authority: Authority
) -> None:
    door = tls_door(authority.ca_file)
    with Receiver(hang(), tls=authority.context("127.0.0.1")) as receiver:
        error = failure(door, hasty(receiver.url, total_timeout_s=2, connect_timeout_s=2))
    assert (error.phase, error.reason, error.was_sent) == ("sent", "no answer within 2 s", True)
    door.close()


def test_a_missing_authority_file_is_the_hubs_fault(
    tls_door: MakeDoor, authority: Authority, tmp_path: Path
) -> None:
    door = tls_door(str(tmp_path / "none.pem"))
    with Receiver(tls=authority.context("127.0.0.1")) as receiver:
        error = failure(door, post(receiver.url))
    assert (error.fault, error.was_sent) == ("hub", False)
    door.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_client_certificate_is_named(
    tls_door: MakeDoor, authority: Authority, version: ssl.TLSVersion
) -> None:
    context = authority.context("127.0.0.1", asks=ssl.CERT_REQUIRED)
    context.minimum_version = context.maximum_version = version
    door = tls_door(authority.ca_file)
    with Receiver(tls=context) as receiver:
        for _ in range(3):  # in TLS 1.3 its refusal races with our request
            error = failure(door, post(receiver.url))
            assert error.fault == "receiver"
            assert "a client certificate, which the hub does not have" in error.reason
            assert receiver.requests == []
    door.close()


def test_a_certificate_that_is_asked_for_and_not_needed_is_not_blamed(
    tls_door: MakeDoor, authority: Authority
) -> None:
    door = tls_door(authority.ca_file)
    with Receiver(tls=authority.context("127.0.0.1", asks=ssl.CERT_OPTIONAL)) as receiver:
        assert door.send(post(receiver.url)).answer.status == 200
        receiver.answer = close_silently()
        assert "certificate" not in failure(door, post(receiver.url)).reason
    door.close()
