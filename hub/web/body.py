"""Bodies of requests: read whole, within a size and a time, and worked on where nobody waits for it.

Owns the limits of what a caller may send, and the reading of forms. What a body says is others' to judge. How
many bytes all bodies together may have is `body_budget`'s.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import parse_qsl

import anyio
from anyio import to_thread
from starlette.datastructures import ImmutableMultiDict
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from hub.web.problems import Problem

BODY_WAIT_S = 30.0
BODY_BYTES_MAX = 1_048_576
"""For calls that are not publishing."""
FORM_BYTES_MAX = 262_144
"""Room for the largest field, 64 KiB of JSON, which a form may triple by its coding."""
FORM_FIELDS_MAX = 1_000
INLINE_BYTES_MAX = 16_384
"""Larger bodies are worked on by a thread: this much takes some milliseconds at the worst."""

T = TypeVar("T")

_one_at_a_time = anyio.CapacityLimiter(1)
"""Python runs one thread at a time: several large bodies at once would only keep the event loop waiting
longer.
"""


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The whole body. Raises: Problem 413 too large, 408 it does not come, 415 it is coded."""
    coding, declared = (request.headers.get(name, "") for name in ("content-encoding", "content-length"))
    return await receive_body(request.receive, bytes_max, coding, declared)


async def receive_body(receive: Receive, bytes_max: int, coding: str, declared: str) -> bytes:
    """The same of a request that is no `Request` yet, by its `Content-Encoding` and `Content-Length`."""
    check_body(0, bytes_max, coding)
    if declared.isascii() and declared.isdigit() and (len(declared) > 18 or int(declared) > bytes_max):
        raise _too_large(bytes_max)
    try:
        async with asyncio.timeout(BODY_WAIT_S):
            return await _receive(receive, bytes_max)
    except TimeoutError as error:
        raise Problem(408, f"the body did not come within {BODY_WAIT_S:g} s") from error
    except ClientDisconnect as error:
        raise Problem(400, "the connection ended before the body did") from error


def check_body(size: int, bytes_max: int, coding: str) -> None:
    """Raises: Problem 415 it is coded, 413 too large."""
    coding = coding.strip().lower()
    if coding not in ("", "identity"):
        raise Problem(
            415,
            f"the content coding {coding[:40]!r} is not understood: send the body as it is",
            title="Wrong content coding",
            errors=[("Content-Encoding", "leave it out: the body must come as it is")],
        )
    if size > bytes_max:
        raise _too_large(bytes_max)


async def work_on(body: bytes, work: Callable[[bytes], T], *, takes_time: bool = False) -> T:
    """What `work` makes of a body: at once for a small one, on a thread for a large one or where it takes
    time in any case, one after the other.
    """
    if len(body) <= INLINE_BYTES_MAX and not takes_time:
        return work(body)
    return await to_thread.run_sync(work, body, limiter=_one_at_a_time)


async def _receive(receive: Receive, bytes_max: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    goes_on = True
    while goes_on:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > bytes_max:
            raise _too_large(bytes_max)
        chunks.append(chunk)
        goes_on = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(bytes_max: int) -> Problem:
    return Problem(
        413,
        f"the body has more than {bytes_max} bytes",
        errors=[("body", f"may have {bytes_max} bytes")],
    )


Form = ImmutableMultiDict[str, str]
"""The fields of a form, each with its values."""


async def read_form(request: Request) -> Form:
    """The fields of the form that was sent. Raises: Problem 400, 408, 413, 415."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/x-www-form-urlencoded":
        raise Problem(415, "send this form as the page does: application/x-www-form-urlencoded")
    raw = await read_body(request, FORM_BYTES_MAX)
    try:
        return await work_on(raw, _form)
    except ValueError as error:
        raise Problem(400, "this form is not understood") from error


def _form(raw: bytes) -> Form:
    """Raises: ValueError."""
    return Form(
        parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS_MAX
        )
    )
