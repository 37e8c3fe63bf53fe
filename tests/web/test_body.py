"""Bodies: what is refused before it is read, and where they are worked on."""

import threading
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.types import Message

from hub.web.body import INLINE_BYTES_MAX, read_body, work_on
from hub.web.problems import Problem
from tests.rigs import loops


def request(*chunks: bytes, **headers: str) -> Request:
    """One whose body comes in these chunks, and says how often it was asked for."""
    left: Iterator[bytes] = iter(chunks)

    async def receive() -> Message:
        chunk = next(left, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": named}, receive)


def refused(body: Request, bytes_max: int = 10) -> Problem:
    with pytest.raises(Problem) as caught:
        loops.run(read_body(body, bytes_max))
    return caught.value


def test_a_body_comes_whole_up_to_its_limit() -> None:
    assert loops.run(read_body(request(b"12345", b"67890"), 10)) == b"1234567890"
    assert refused(request(b"12345", b"678901")).status == 413


@pytest.mark.parametrize("declared", ["11", "9" * 30])
def test_a_body_that_says_it_is_too_large_is_refused_unread(declared: str) -> None:
    assert refused(request(content_length=declared)).status == 413


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, identity", "zstd"])
def test_a_coded_body_is_refused_by_the_name_of_its_coding(coding: str) -> None:
    problem = refused(request(b"{}", content_encoding=coding))
    assert (problem.status, problem.errors[0][0]) == (415, "Content-Encoding")
    assert coding in problem.detail


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
def test_a_body_as_it_is_may_be_called_so(coding: str) -> None:
    assert loops.run(read_body(request(b"{}", content_encoding=coding), 10)) == b"{}"


def test_a_large_body_is_worked_on_by_a_thread_and_a_small_one_at_once() -> None:
    def worker(body: bytes) -> int:
        return threading.get_ident()

    async def workers() -> tuple[int, int, int]:
        small, large = b"x" * INLINE_BYTES_MAX, b"x" * (INLINE_BYTES_MAX + 1)
        return threading.get_ident(), await work_on(small, worker), await work_on(large, worker)

    loop, small, large = loops.run(workers())
    assert small == loop
    assert large != loop
