"""The log: one line a record on stderr, as text or as JSON.

Owns what a line looks like and which loggers stay quiet. It must never let a secret through: what looks like
a token, a signing secret or a URL's password is masked in every line, whoever wrote it. A record may carry
`extra={"fields": {...}}`: they become keys of their own.
"""

import json
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import lru_cache
from typing import TextIO

from hub.timestamps import iso

QUIET = ("apscheduler", "uvicorn", "urllib3", "asyncio")
"""Only their warnings matter to an operator; a debug level shows them whole."""
NEVER_BELOW_WARNING = ("peewee", "psycopg", "hpack")
"""Their debug lines hold rows and bodies."""

MASK = "********"
_SECRETS = re.compile(
    r"(?:(?<=\bhub_)|(?<=\bwhsec_))[\w+/=-]{16,}|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)|(?<=[?&]token=)[\w-]+"
)
_MARKS = ("hub_", "whsec_", "://", "token=")
"""One of them is in every text that holds a credential as `_SECRETS` sees it."""
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    0x0A: "\\n",
    0x0D: "\\r",
    0x09: "\\t",
}
_CONTROLS |= {
    code: f"\\u{code:04x}" for code in (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Line ends and direction marks: a hostile text must neither forge a line nor turn one round."""


def set_up(level: str, form: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to `stream` (stderr); replaces what was set up
    before.
    """
    handler = _LineHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # What no line of ours shows need not be found out for each (Python's logging HOWTO, "Optimization").
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)
    for name in NEVER_BELOW_WARNING:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def write_together(records: Sequence[logging.LogRecord]) -> None:
    """Have records written at once; whoever made them has looked whether their level is wanted."""
    for handler in logging.getLogger().handlers if records else ():
        if isinstance(handler, _LineHandler):
            handler.handle_all(records)
        else:
            for record in records:
                handler.handle(record)


class _LineHandler(logging.StreamHandler[TextIO]):
    """One write for each record, or for many."""

    def handle_all(self, records: Sequence[logging.LogRecord]) -> None:
        try:
            text = "".join([f"{self.format(record)}\n" for record in records])
            with self.lock or nullcontext():
                self.stream.write(text)
                self.flush()
        except Exception:
            self.handleError(records[-1])


class TextFormatter(logging.Formatter):
    """`2026-11-23T21:04:06.123Z INFO hub.engine.delivery attempt event=…`; a traceback follows on the same
    line, its line ends escaped.
    """

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message += f" traceback={self.formatException(record.exc_info)}"
        message = masked(message)
        if not message.isprintable():  # false for all controls and direction marks
            message = message.translate(_CONTROLS)
        ms = round(record.created * 1000)
        time = f"{_to_the_second(ms // 1000)}.{ms % 1000:03}Z"
        return f"{time} {record.levelname} {record.name} {message}"


@lru_cache(maxsize=4)
def _to_the_second(epoch_s: int) -> str:
    """`2026-11-23T21:04:06`: thousands of lines share one."""
    return iso(epoch_s).partition(".")[0]


class JsonFormatter(logging.Formatter):
    """One object a line: time, level, logger, message, the record's fields, and the traceback when there is
    one.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        fields = getattr(record, "fields", None) or {}
        line |= {
            name: masked(value) if isinstance(value, str) else value
            for name, value in fields.items()
            if name not in line
        }
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, default=str)  # ASCII, every control and direction mark escaped


def masked(text: str) -> str:
    """The text without what looks like a credential."""
    if not any(mark in text for mark in _MARKS):  # a hundred times as quick as not to find one
        return text
    return _SECRETS.sub(MASK, text)
