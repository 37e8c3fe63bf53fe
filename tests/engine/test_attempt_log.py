"""The lines that tell attempts: their fields, and nothing that must not be read in a log."""

import json
import logging

import pytest

from hub.engine import attempt_log
from hub.engine.attempt_log import Ended
from hub.logs import JsonFormatter
from hub.rules.outcome import Outcome

FAILED = Ended(
    "evt_1",
    "hook_1",
    "dlv_1",
    3,
    Outcome(
        "failure",
        0.0,
        0.0841,
        phase="body",
        status=500,
        reason="answered 500",
        url="https://receiver.example/secret-path",
        request_headers={"X-Key": "hidden"},
    ),
)


def test_an_attempt_is_told_in_one_line_without_url_or_header(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        attempt_log.tell([FAILED, FAILED])
    assert (
        caplog.messages
        == [
            "attempt event=evt_1 hook=hook_1 delivery=dlv_1 attempt=3 outcome=failure status=500 phase=body ms=84"
            " reason='answered 500'"
        ]
        * 2
    )
    for hidden in ("receiver.example", "secret-path", "hidden"):
        assert hidden not in caplog.text


def test_its_fields_are_keys_in_json(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        attempt_log.tell([FAILED])
    line = json.loads(JsonFormatter().format(caplog.records[0]))
    assert line | {"time": "", "message": ""} == {
        "time": "", "level": "info", "logger": "hub.engine.delivery", "message": "",
        "event": "evt_1", "hook": "hook_1", "delivery": "dlv_1", "attempt": 3, "outcome": "failure",
        "status": 500, "phase": "body", "ms": 84, "reason": "answered 500",
    }  # fmt: skip


def test_the_line_of_a_redirect_holds_no_url(caplog: pytest.LogCaptureFixture) -> None:
    moved = Outcome(
        "failure", 0.0, 0.1, status=302, reason="answered 302, a redirect to https://example.com/token"
    )
    with caplog.at_level("INFO"):
        attempt_log.tell([Ended("evt_1", "hook_1", "dlv_1", 1, moved)])
    assert "answered 302" in caplog.text
    assert "token" not in caplog.text


def test_an_error_level_leaves_attempts_out(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "hub.engine.delivery"):
        attempt_log.tell([FAILED])
    assert caplog.records == []
