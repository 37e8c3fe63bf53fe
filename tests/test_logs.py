"""The log: one line a record, whatever is in it; fields as keys; no secret in any line."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Event
from hub import logs
from hub.engine import delivery
from hub.engine.delivery import Shipment
from hub.rules.outcome import Outcome
from hub.store.destinations import Destination

TARGET = Destination(
    hook_id="hook_1",
    version=1,
    project_key="DEMO",
    handshake=None,
    url="https://receiver.example/secret-path",
    format="standard",
    verify_ssl=True,
    headers={"X-Key": "hidden"},
    secrets=(("whsec_c2VjcmV0", None),),
)
SHIPMENT = Shipment(
    "dlv_1", 3, Event("evt_1", "story.create", "2026-11-23T21:04:06.123Z", "DEMO", b'{"pin":4711}'), TARGET
)


@contextmanager
def logging_as(form: str, level: str = "info") -> Iterator[io.StringIO]:
    """The log set up as a process does it, into a text; everything is put back afterwards."""
    root = logging.getLogger()
    names = (*logs.QUIET, *logs.NEVER_BELOW_WARNING)
    before = (root.handlers[:], root.level, {name: logging.getLogger(name).level for name in names})
    stream = io.StringIO()
    try:
        logs.set_up(level, form, stream)
        yield stream
    finally:
        logging.captureWarnings(False)
        root.handlers[:], _ = before[0], root.setLevel(before[1])
        for name, old in before[2].items():
            logging.getLogger(name).setLevel(old)


def failed() -> Outcome:
    return Outcome("failure", 0.0, 0.0841, phase="body", status=500, reason="answered 500")


def test_a_text_line_has_time_level_logger_and_message() -> None:
    with logging_as("text") as stream:
        logging.getLogger("hub.serve").warning("worker %s ended", 7)
    time, level, logger, message = stream.getvalue().rstrip("\n").split(" ", 3)
    assert (level, logger, message) == ("WARNING", "hub.serve", "worker 7 ended")
    assert time.endswith("Z")
    assert datetime.fromisoformat(time).utcoffset() is not None


def test_an_attempt_is_told_in_one_text_line_without_url_header_or_payload() -> None:
    with logging_as("text") as stream:
        delivery.log_attempt(SHIPMENT, failed())
    line = stream.getvalue()
    assert (
        "attempt event=evt_1 hook=hook_1 delivery=dlv_1 attempt=3 outcome=failure status=500 phase=body ms=84 reason='answered 500'"
        in line
    )
    assert line.count("\n") == 1
    for hidden in ("receiver.example", "secret-path", "hidden", "whsec", "4711"):
        assert hidden not in line


def test_an_attempt_has_its_fields_as_keys_in_json() -> None:
    with logging_as("json") as stream:
        delivery.log_attempt(SHIPMENT, failed())
    line = json.loads(stream.getvalue())
    assert line | {"time": "", "message": ""} == {
        "time": "", "level": "info", "logger": "hub.engine.delivery", "message": "",
        "event": "evt_1", "hook": "hook_1", "delivery": "dlv_1", "attempt": 3, "outcome": "failure",
        "status": 500, "phase": "body", "ms": 84, "reason": "answered 500",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
@given(text=st.text(max_size=60))
def test_whatever_is_logged_is_one_line(form: str, text: str) -> None:
    with logging_as(form) as stream:
        logging.getLogger("hub.web.api").error("%s", text)
    assert len(stream.getvalue().splitlines()) == 1
    if form == "json":
        assert json.loads(stream.getvalue())["logger"] == "hub.web.api"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_stays_on_the_line_of_its_record(form: str) -> None:
    with logging_as(form) as stream:
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            logging.getLogger("hub.web.api").exception("fault")
    line = stream.getvalue()
    assert line.count("\n") == 1
    assert "ValueError: first\\nsecond" in line


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "secret",
    [
        "hub_oWH9aaQLmyRgk3OFFpQXW3BmvGPxSTnWomn8lLQHi80",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "postgresql://hub:correct-horse@db.example/hub",
        "http://hub.example/setup?token=msCEdoduF52y6SKTkSFKiH8nWc_Z9xIl",
    ],
)
def test_what_looks_like_a_credential_is_masked(form: str, secret: str) -> None:
    with logging_as(form) as stream:
        logging.getLogger("hub.web.api").warning("refused %s", secret, extra={"fields": {"given": secret}})
    for part in ("oWH9aaQLmyRgk3", "C2FVsBQIhrsc", "correct-horse", "msCEdoduF52y"):
        assert part not in stream.getvalue()
    assert logs.MASK in stream.getvalue()


def test_other_peoples_loggers_only_warn() -> None:
    with logging_as("text") as stream:
        for name in ("apscheduler.scheduler", "uvicorn.error", "peewee"):
            logging.getLogger(name).info("chatter")
            logging.getLogger(name).warning("trouble")
    assert "chatter" not in stream.getvalue()
    assert stream.getvalue().count("trouble") == 3


def test_a_debug_level_never_shows_the_rows_of_the_database() -> None:
    with logging_as("text", "debug") as stream:
        logging.getLogger("peewee").debug("INSERT INTO token …")
        logging.getLogger("hub.web.api").debug("seen")
    assert "INSERT" not in stream.getvalue()
    assert "seen" in stream.getvalue()


def test_an_error_level_leaves_attempts_out() -> None:
    with logging_as("text", "error") as stream:
        delivery.log_attempt(SHIPMENT, failed())
    assert stream.getvalue() == ""
