"""HTTP requests as they arrive at a receiver: what was given, byte for byte, and nothing else."""

import os
from pathlib import Path

import pytest

from connectors.base import HttpParcel
from hub.targets.outbound import Outbound
from hub.targets.transport import Request
from tests.rigs.doors import LOOPBACK, Names, failure, post
from tests.rigs.receivers import Receiver


def test_it_sends_the_request_byte_for_byte_and_nothing_of_its_own(
    outbound: Outbound, receiver: Receiver
) -> None:
    headers = {"Content-Type": "application/json", "X-Name": "Zoë", "X-Empty": "", "x-lower": " a "}
    receipt = outbound.send(
        Request(f"{receiver.url}/../a%2fb?q=%0d%0a#".rstrip("#"), HttpParcel(headers, b'{"a": 1}\n'))
    )
    assert receipt.answer.status == 200
    [got] = receiver.requests
    assert (got.method, got.path, got.body) == ("POST", "/hook/../a%2fb?q=%0d%0a", b'{"a": 1}\n')
    assert got.header_list == [
        ("Host", f"127.0.0.1:{receiver.port}"),
        ("Content-Type", "application/json"),
        ("X-Name", "Zoë"),
        ("X-Empty", ""),
        ("x-lower", "a"),
        ("Content-Length", "9"),
    ]


def test_it_asks_for_no_permission_before_a_big_body(outbound: Outbound, receiver: Receiver) -> None:
    body = os.urandom(3_000_000)
    outbound.send(post(receiver.url, body))
    [got] = receiver.requests
    assert got.body == body
    assert "expect" not in got.headers


def test_other_methods_go_too(outbound: Outbound, receiver: Receiver) -> None:
    outbound.send(Request(receiver.url, HttpParcel({}, b"", "DELETE")))
    [got] = receiver.requests
    assert (got.method, got.body, "content-type" in got.headers) == ("DELETE", b"", False)


def test_proxies_and_netrc_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, receiver: Receiver, names: Names
) -> None:
    with Receiver(599) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "")
        (tmp_path / ".netrc").write_text(
            "machine 127.0.0.1 login eve password stolen\ndefault login eve password stolen\n"
        )
        (tmp_path / ".netrc").chmod(0o600)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        door = Outbound(allow=LOOPBACK, resolve=names)
        for url in (receiver.url, receiver.url_as("hooks.example.com")):
            request = Request(url, HttpParcel({"Authorization": "Bearer mine"}, b""))
            assert door.send(request).answer.status == 200
        door.close()
        assert proxy.requests == []
    assert [got.headers["authorization"] for got in receiver.requests] == ["Bearer mine"] * 2


def test_no_cookie_is_ever_sent_back(outbound: Outbound, receiver: Receiver) -> None:
    receiver.answer = (200, {"Set-Cookie": "tenant=a; Path=/"}, b"")
    for _ in range(2):
        outbound.send(post(receiver.url))
    assert all("cookie" not in got.headers for got in receiver.requests)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_never_followed(
    outbound: Outbound, receiver: Receiver, status: int
) -> None:
    with Receiver() as other:
        receiver.answer = (status, {"Location": other.url}, b"moved")
        receipt = outbound.send(post(receiver.url))
        assert (receipt.answer.status, receipt.answer.body) == (status, b"moved")
        assert ("Location", other.url) in receipt.answer.headers
        assert (len(receiver.requests), other.requests) == (1, [])


@pytest.mark.parametrize(
    "location", ["http://[", "http://a:99999999/", "\\\\", "http://" + "x" * 70 + "/", ""]
)
def test_a_broken_redirect_is_an_answer_too(outbound: Outbound, receiver: Receiver, location: str) -> None:
    receiver.answer = (302, {"Location": location}, b"")
    assert outbound.send(post(receiver.url)).answer.status == 302


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-B: c"),
        ("X-A", "a\nb"),
        ("X-A", "a\x00b"),
        ("X-A", "€"),
        ("X A", "b"),
        ("X-A:", "b"),
        ("", "b"),
        ("Host", "evil.example"),
        ("Content-Length", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Proxy-Authorization", "x"),
        ("connection", "close"),
    ],
)
def test_a_header_that_would_break_the_request_is_the_hubs_fault(
    outbound: Outbound, receiver: Receiver, name: str, value: str
) -> None:
    error = failure(outbound, Request(receiver.url, HttpParcel({name: value}, b"")))
    assert (error.phase, error.fault, error.was_sent) == ("none", "hub", False)
    assert receiver.connections == 0
