"""Which headers a person may add to a hook."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.headers import (
    MAX_HEADERS,
    MAX_VALUE_CHARS,
    check_headers,
    frames_message,
    is_token,
    value_fault,
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Authorization", "Bearer abc.def"),
        ("X-Token", ""),
        ("x_odd!#$%&'*+.^`|~", "a"),
        ("X-Name", "Zoë ½ ÿ"),
        ("Cookie", "a=b"),
        ("X-Tab", "a\tb"),
    ],
)
def test_ordinary_headers_pass(name: str, value: str) -> None:
    assert check_headers({name: value}) == []


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
        "Keep-Alive",
        "Proxy-Authorization",
        "proxy-connection",
        "webhook-id",
        "Webhook-Signature",
        "content-type",
        "User-Agent",
        "x-hub-attempt",
        "X-Hub-Signature-256",
        "x-icescrum-event",
        "X-GitHub-Event",
        "X-Hook-Signature",
        "X-Hook-Secret",
        "HTTP2-Settings",
        "Sec-WebSocket-Key",
        "Content-Encoding",
        "Content-Range",
    ],
)
def test_headers_of_http_and_of_the_hub_are_refused_in_any_case(name: str) -> None:
    for written in (name, name.upper(), name.lower()):
        assert [found for found, _ in check_headers({written: "x"})] == [written]


@pytest.mark.parametrize("name", ["", "X Y", "X:Y", "X\r\nY", "X\0", "Ümlaut", "(x)", "X\n", "a" * 257])
def test_a_name_must_be_a_token(name: str) -> None:
    assert [found for found, _ in check_headers({name: "x"})] == [name]


@pytest.mark.parametrize(
    "value",
    [
        *("a\r\nX: b", "a\nb", "a\rb", "a\0b", "€", "a\ud800"),
        *(f"a{chr(code)}b" for code in (*range(9), *range(10, 32), 127)),
        *(" a", "a ", "\ta", "a\t", " "),
    ],
)
def test_a_value_may_not_break_out_of_its_line_or_of_latin_1_or_be_what_receivers_refuse(value: str) -> None:
    assert [found for found, _ in check_headers({"X-A": value})] == ["X-A"]


def test_each_bad_header_is_named_and_the_good_ones_are_not() -> None:
    found = check_headers({"X-Good": "a", "Host": "b", "X-Bad": "\n"})
    assert [name for name, _ in found] == ["Host", "X-Bad"]
    assert all(message.endswith(".") for _, message in found)


def test_the_same_header_twice_is_refused() -> None:
    assert check_headers({"X-A": "1", "x-a": "2"}) == [("x-a", "This header is there twice.")]


def test_there_is_a_limit_to_their_number_and_length() -> None:
    assert check_headers({f"X-{number}": "" for number in range(MAX_HEADERS)}) == []
    assert check_headers({f"X-{number}": "" for number in range(MAX_HEADERS + 1)}) != []
    assert check_headers({"X-A": "a" * MAX_VALUE_CHARS}) == []
    assert check_headers({"X-A": "a" * (MAX_VALUE_CHARS + 1)}) != []


@given(headers=st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=5))
def test_what_passes_can_be_written_as_one_line_each(headers: dict[str, str]) -> None:
    bad = {name for name, _ in check_headers(headers)}
    for name, value in headers.items():
        if name not in bad:
            line = f"{name}: {value}".encode("latin-1")
            assert not set(line) & {*range(9), *range(10, 32), 127}
            assert value == value.strip(" \t")
            assert is_token(name)
            assert not frames_message(name)
            assert value_fault(value) is None
