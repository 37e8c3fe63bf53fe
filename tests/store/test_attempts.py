"""Attempts: written as they were, and read by number."""

import pytest

from hub.rules.outcome import Outcome, SentBody
from hub.store import attempts
from tests.rigs.stage import Stage


@pytest.mark.parametrize(
    "sent", [SentBody(b"", b""), SentBody(b'{"data":', b"}"), SentBody(b"Hello", None), None]
)
def test_an_attempt_is_read_as_it_was_written(store: Stage, sent: SentBody | None) -> None:
    hook = store.hook()
    store.publish([hook])
    [claim] = store.claim()
    outcome = Outcome(
        "failure",
        store.clock.now(),
        0.25,
        phase="body",
        status=500,
        reason="answered 500",
        peer="192.0.2.1",
        was_sent=True,
        method="PUT",
        url="https://example.com/",
        format="github",
        request_headers={"X-A": "1"},
        request_body=sent,
        response_headers=[("X-B", "2"), ("X-B", "3")],
        response_body=b"\xff\x00",
    )
    store.record_all([(claim, outcome)])
    [kept] = store.read(lambda: attempts.of_delivery(claim.delivery_id))
    assert kept.outcome == outcome
    bodies = {None: None, SentBody(b"", b""): b"{}", SentBody(b"Hello", None): b"Hello"}
    assert kept.body(b"{}") == bodies.get(sent, b'{"data":{}}')
    assert kept.body(None) is None
