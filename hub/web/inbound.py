"""`POST /in/{id}`: where other senders' webhooks come in.

Owns what they are answered. 200 alone satisfies every sender, and it comes after the commit; within 800 ms
of the whole request, because the strictest waits a second in all. One body says 401, whatever did not fit: an
unknown id is not told from a wrong signature. There is no token, no cookie, and nothing for browsers. On the
event loop. Step before: a sender. Step after: `operations.inbound`.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connectors.inbound import Received, Reply
from hub.engine.intake import Receipt
from hub.errors import Busy, Invalid, Refusal, TooLarge
from hub.operations.inbound import Inbound, Live, Taken, TooFast, Unproved, reason_of
from hub.rules.payload import ENVELOPE_BYTES_MAX
from hub.services import Services
from hub.web.body import read_body, work_on
from hub.web.callers import Callers
from hub.web.problems import Problem, json_answer, problem_of

log = logging.getLogger("hub.web.inbound")

T = TypeVar("T")

PATH = "/in/{id}"
ANSWER_WITHIN_S = 0.7
"""Of the 800 ms that senders are promised; the rest is for reading the request and writing the answer."""
LATE_RETRY_AFTER_S = 5
ID_MAX_LENGTH = 40
REFUSED = "nothing at this address takes this request: the address or what proves the sender is wrong"

_running: set["asyncio.Task[Any]"] = set()
"""Those that were answered before they ended: a task that nobody keeps may be dropped."""


def inbound_route(services: Services, callers: Callers, within_s: float = ANSWER_WITHIN_S) -> Route:
    """Stands behind publishing, before everything else. `within_s`: how long a sender waits at the most."""
    return Route(PATH, _Door(services, callers, within_s))


class _Door:
    """As an application of its own it is asked for every method."""

    def __init__(self, services: Services, callers: Callers, within_s: float) -> None:
        self._inbound: Inbound = services.inbound
        self._callers = callers
        self._within_s = within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except Busy as late:
            response = json_answer(problem_of(late))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        began = time.monotonic()
        live = await self._find(str(request.path_params["id"]))
        if request.method != "POST":
            if request.method == "HEAD" and live is not None and _greets(live):
                return Response(status_code=200)
            return _without_body_left(405, "a source takes POST only", Allow="POST")
        if live is None:
            return _without_body_left(401, REFUSED)
        if live.is_over:
            return _without_body_left(410, "this source was deleted: stop sending to it")
        left_s = self._within_s - (time.monotonic() - began)

        tuned = await self._callers.settings()
        try:
            body = await read_body(request, tuned.max_event_bytes + ENVELOPE_BYTES_MAX)
        except Problem as refused:
            self._refuse(live, self._received(live, request, b""), refused.status, refused.detail, request)
            return json_answer(refused)
        received = self._received(live, request, body)
        return await self._in_time(self._taken(live, received, tuned.max_event_bytes, request), left_s)

    async def _in_time(self, work: Coroutine[Any, Any, T], within_s: float) -> T:
        """What is late goes on all the same: its sender sends again, and that is then a repeat.

        Raises: Busy.
        """
        task = asyncio.ensure_future(work)
        _running.add(task)
        task.add_done_callback(_ended)
        done, _ = await asyncio.wait({task}, timeout=max(within_s, 0))
        if not done:
            raise Busy("the hub is writing slowly; send this again", retry_after_s=LATE_RETRY_AFTER_S)
        return task.result()

    async def _taken(self, live: Live, received: Received, bytes_max: int, request: Request) -> Response:
        try:
            taken: Taken = await work_on(
                received.body,
                lambda body: self._inbound.take(live, received, bytes_max),
                takes_time=self._inbound.takes_time(live),
            )
            if taken.reply is not None:
                return _handshake(taken.reply)
            if taken.committed is None:
                return _accepted(None)
            [receipt] = await asyncio.wrap_future(taken.committed)
            return _accepted(receipt)
        except Exception as error:
            problem = _problem(error)
            if isinstance(error, Refusal):
                self._refuse(live, received, problem.status, reason_of(error), request)
            return json_answer(problem)

    async def _find(self, source_id: str) -> Live | None:
        if len(source_id) > ID_MAX_LENGTH or "\0" in source_id:
            return None
        found = self._inbound.recently(source_id)
        if found is not None:
            return found
        return await self._in_time(run_in_threadpool(self._inbound.find, source_id), self._within_s)

    def _received(self, live: Live, request: Request, body: bytes) -> Received:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        return self._inbound.received(live, headers, request.query_params.multi_items(), body)

    def _refuse(self, live: Live, received: Received, status: int, reason: str, request: Request) -> None:
        address = request.client.host if request.client else None
        if self._inbound.refuse(live, received, status, reason, address):
            log.info("source %s (%s) answered %s: %s", live.source.id, live.source.kind, status, reason)


def _ended(task: "asyncio.Task[Any]") -> None:
    """Of one that nobody waits for any more the fault is told here."""
    _running.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.info("a late answer to a source ended with: %s", error)


def _greets(live: Live) -> bool:
    return live.kind is not None and live.kind.answers_head and not live.is_over


def _problem(error: Exception) -> Problem:
    match error:
        case Unproved():
            return Problem(401, REFUSED, title=Unproved.title)
        case TooFast():
            return Problem(429, error.detail, title=error.title, retry_after_s=1)
        case TooLarge():
            return Problem(413, error.detail, title=error.title, errors=error.errors)
        case Invalid():
            return Problem(422, error.detail, title=error.title, errors=error.errors)
    return problem_of(error)


def _without_body_left(status: int, detail: str, **headers: str) -> Response:
    title = Unproved.title if status == 401 else ""
    response = json_answer(Problem(status, detail, title=title))
    response.headers.update(headers)
    return response


def _accepted(receipt: Receipt | None) -> Response:
    """Without a receipt nothing was kept: a ping, or the source is off."""
    body = {
        "id": None if receipt is None else receipt.id,
        "type": None if receipt is None else receipt.type,
        "duplicate": receipt is not None and receipt.is_duplicate,
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def _handshake(reply: Reply) -> Response:
    return Response(reply.body, headers={"Content-Type": reply.content_type})
