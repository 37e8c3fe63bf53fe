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

from hub import logs


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


def test_a_text_line_has_time_level_logger_and_message() -> None:
    with logging_as("text") as stream:
        logging.getLogger("hub.serve").warning("worker %s ended", 7)
    time, level, logger, message = stream.getvalue().rstrip("\n").split(" ", 3)
    assert (level, logger, message) == ("WARNING", "hub.serve", "worker 7 ended")
    assert time.endswith("Z")
    assert datetime.fromisoformat(time).utcoffset() is not None


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


def test_records_that_are_written_together_are_a_line_each_and_one_write() -> None:
    class Stream(io.StringIO):
        writes = 0

        def write(self, text: str) -> int:
            self.writes += 1
            return super().write(text)

    logger, stream = logging.getLogger("hub.test"), Stream()
    with logging_as("text"):
        logs.set_up("info", "text", stream)
        logs.write_together(
            [logger.makeRecord("hub.test", 20, "", 0, f"line {n}%", (), None) for n in (1, 2)]
        )
        logs.write_together([])
    assert [line.partition("hub.test ")[2] for line in stream.getvalue().splitlines()] == [
        "line 1%",
        "line 2%",
    ]
    assert stream.writes == 1
