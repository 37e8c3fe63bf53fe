"""Credentials that a receiver repeats: found however they are written, and nothing else."""

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.logs import MASK
from hub.rules.masking import SHORTEST, Credentials, credentials_of

TOKEN = 'tök/en+é="1" & <x>'
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def masked(text: str, **headers: str) -> str:
    return credentials_of(headers, [SECRET]).masked(text.encode()).decode()


@pytest.mark.parametrize(
    "write",
    [
        str,
        quote_plus,
        lambda text: quote(text, safe=""),
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        lambda text: json.dumps(text).replace("/", "\\/"),
        html.escape,
        lambda text: html.escape(text, quote=False),
        lambda text: text.encode().hex(),
        lambda text: text.encode().hex().upper(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    ],
)
def test_a_credential_goes_however_it_is_written(write: Callable[[str], str]) -> None:
    for credential in (TOKEN, SECRET):
        shown = masked(f"you sent {write(credential)}!", **{"X-Token": TOKEN})
        assert write(credential).strip('"') not in shown
        assert MASK in shown
        assert shown.startswith("you sent ")
        assert shown.endswith("!")


@given(before=st.binary(max_size=7), after=st.binary(max_size=7), secret=st.binary(min_size=9, max_size=40))
def test_it_goes_wherever_it_stands_in_something_that_is_base64(
    before: bytes, after: bytes, secret: bytes
) -> None:
    credential = secret.hex()
    shown = Credentials([credential], []).masked(base64.b64encode(before + credential.encode() + after))
    assert MASK.encode() in shown
    left = shown.replace(MASK.encode(), b"")
    assert len(left) <= (len(before) + len(after)) * 4 / 3 + 12


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("Bearer abcdefgh", "abcdefgh"),
        ("token abcdefgh", "abcdefgh"),
        (f"Basic {base64.b64encode(b'user:open sesame').decode()}", "open sesame"),
        (f"Basic {base64.b64encode(b'user:open sesame').decode()}", "user:open sesame"),
        ('Token token="abcdefgh"', "abcdefgh"),
        ("session=abcdefgh; theme=dark", "abcdefgh"),
    ],
)
def test_the_part_that_is_the_credential_goes_by_itself_too(value: str, part: str) -> None:
    assert masked(f"who is {part}?", Authorization=value) == f"who is {MASK}?"


def test_the_base64_of_a_secret_goes_without_its_prefix() -> None:
    assert masked(f"key {SECRET.removeprefix('whsec_')}") == f"key {MASK}"


def test_what_is_no_credential_stays() -> None:
    text = '{"error":"application/json only","hint":"Bearer needed","project":"demo"}'
    headers = {"Accept": "application/json", "Authorization": "Bearer abcdefgh", "X-Env": "abc"}
    assert masked(text, **headers) == text
    assert credentials_of({}, []).masked(b"anything") == b"anything"


def test_headers_of_an_answer_are_masked_and_short_values_where_they_stand_alone() -> None:
    known = credentials_of({"X-Key": "k1", "X-Long": "a long value"}, [])
    headers = [("X-Key", "k1"), ("x-note", "k1 is not a long value"), ("Date", "today")]
    assert known.masked_headers(headers) == [
        ("X-Key", MASK),
        ("x-note", f"k1 is not {MASK}"),
        ("Date", "today"),
    ]
    plain = [("Date", "today"), ("Set-Cookie", "a=b")]
    assert known.masked_headers(plain) == plain


def test_a_credential_that_was_cut_off_at_the_end_goes_too() -> None:
    known = Credentials(["0123456789abcdef"], [])
    assert known.masked(b"x" * 100 + b"01234567", is_cut=True) == b"x" * 100 + MASK.encode()
    assert known.masked(b"x" * 100 + b"012", is_cut=True) == b"x" * 100 + b"012", f"less than {SHORTEST}"
    assert known.masked(b"x" * 100 + b"01234567") == b"x" * 100 + b"01234567", "all there was"
    assert Credentials([], []).masked(b"0123", is_cut=True) == b"0123"


@given(
    values=st.lists(st.text(min_size=1, max_size=20), max_size=4),
    secrets=st.lists(st.text(min_size=1, max_size=20), max_size=2),
    data=st.binary(max_size=50),
    text=st.text(max_size=30),
)
def test_no_credential_of_some_length_is_left(
    values: list[str], secrets: list[str], data: bytes, text: str
) -> None:
    known = Credentials(values, secrets)
    for credential in (*values, *secrets):
        raw = credential.encode("utf-8", "surrogatepass")
        if len(raw) >= SHORTEST and len(credential) >= SHORTEST and credential not in MASK:
            assert raw not in known.masked(data + raw + data).replace(MASK.encode(), b"\0")
    known.masked_text(text)
