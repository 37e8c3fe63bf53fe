"""Outcomes: what is kept of a body, and where it went."""

from hub.rules.outcome import Outcome, SentBody

DATA = b'{"a":1.10}'


def test_what_stood_around_the_data_is_kept_and_makes_the_body_again() -> None:
    body = b'{"id":"evt_1","data":' + DATA + b',"more":true}'
    kept = SentBody.of(body, DATA)
    assert kept == SentBody(b'{"id":"evt_1","data":', b',"more":true}')
    assert kept.whole(DATA) == body


def test_a_body_that_does_not_hold_the_data_is_kept_whole() -> None:
    assert SentBody.of(b"Hello", DATA) == SentBody(b"Hello", None)
    assert SentBody.of(b"Hello", DATA).whole(DATA) == b"Hello"
    assert SentBody.of(DATA, DATA) == SentBody(b"", b"")


def test_an_outcome_names_the_host_it_went_to() -> None:
    assert Outcome("failure", 0, 0, url="https://Hooks.Example.com:8443/x").host == "hooks.example.com"
    assert Outcome("failure", 0, 0, url="pigeon://loft/7").host == "loft"
    assert Outcome("failure", 0, 0).host == ""


def test_an_outcome_ends_after_the_time_it_took() -> None:
    assert Outcome("success", 100.0, 2.5).ended_at == 102.5
