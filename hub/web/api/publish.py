"""`POST /events`: the one call that stands before routing and stays on the event loop, because each step on
its way costs every publisher.

Owns how a request says what is published (content type, one or many, the `Idempotency-Key` header) and what
it is told. It answers 202 only after the commit, of which the loop hears once for all who wait for it. An
ASGI application of its own: what wraps the others (body budget, answers to faults, security headers) it does
itself. Step after: `operations.publishing`.
"""

import asyncio

import msgspec
from msgspec.structs import replace
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from hub.engine.intake import Receipt
from hub.errors import Invalid
from hub.rules import hops
from hub.rules.payload import ENVELOPE_BYTES_MAX, KEY_MAX_LENGTH, Published, read_lines, read_one_or_many
from hub.services import Services
from hub.store.group_commit import Ended
from hub.timestamps import iso
from hub.web.api.calls import PREFIX
from hub.web.api.queries import Query, read_query
from hub.web.body import check_body, receive_body, work_on
from hub.web.body_budget import BodyBudget, Share
from hub.web.callers import Callers, token_in
from hub.web.error_answers import ErrorAnswers
from hub.web.problems import Problem
from hub.web.security_headers import SecurityHeaders
from hub.web.whole_exchange import WholeExchange, offered

PATH = PREFIX + "/events"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")

_Headers = dict[bytes, bytes]
_HEAD = ((b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"))
_HEAD_LINES = b"".join(b"%b: %b\r\n" % one for one in _HEAD)
_JSON = b"application/json"
_KEY = b"idempotency-key"
_HOPS = hops.HEADER.encode()
_encode = msgspec.json.Encoder().encode


class ReceiptBody(msgspec.Struct):
    """`api.models.ReceiptAnswer` without its checks: the values are ours."""

    id: str
    type: str
    timestamp: str
    deliveries: int | None
    duplicate: bool
    deliver_at: str | None


class Publish:
    """The call of one hub."""

    def __init__(
        self, services: Services, callers: Callers, budget: BodyBudget, answers: ErrorAnswers
    ) -> None:
        self._publishing = services.publishing
        self._callers = callers
        self._budget = budget
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(reversed(scope["headers"]))  # of several with one name the first
        exchange = offered(scope)
        share = Share(self._budget, _text(headers, b"content-length"))
        try:
            try:
                body = await self._take(scope, headers, receive, share, exchange)
            except Exception as error:
                refusal = await self._answers(Request(scope, receive), error)
                await SecurityHeaders(refusal)(scope, receive, send)
                return
            if exchange is None or not exchange.answer(scope, 202, _HEAD_LINES, body):
                head = [*_HEAD, (b"content-length", b"%d" % len(body))]
                await send({"type": "http.response.start", "status": 202, "headers": head})
                await send({"type": "http.response.body", "body": body})
        finally:
            share.give_back()

    async def _take(
        self, scope: Scope, headers: _Headers, receive: Receive, share: Share, exchange: WholeExchange | None
    ) -> bytes:
        """What is answered once all is committed. Raises: Problem, Refusal, StoreUnavailable."""
        token = token_in(_text(headers, b"authorization"), _text(headers, b"x-api-key"))
        requester, project, tuned = self._callers.recently(token) or (None, None, None)
        query = scope["query_string"]
        if requester is None or project is None or tuned is None or query:
            requester = await self._callers.with_token(token, None)
            params = QueryParams(query)
            read_query(params, Query)
            project = await self._callers.project(requester, params)
            tuned = await self._callers.settings()
        self._publishing.check(requester, project)

        is_lines = _comes_in_lines(headers)
        bytes_max = max(tuned.max_request_bytes, tuned.max_event_bytes + ENVELOPE_BYTES_MAX)
        coding = _text(headers, b"content-encoding")
        body = None if exchange is None else exchange.body(scope)
        if body is not None:
            check_body(len(body), bytes_max, coding)
            await share.take(len(body))
        else:
            declared = _text(headers, b"content-length")
            body = await receive_body(lambda: share.receive(receive), bytes_max, coding, declared)
        committed: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()

        def publish(body: bytes) -> bool:
            if is_lines:
                events, is_many = read_lines(body, tuned.max_event_bytes), True
            else:
                events, is_many = read_one_or_many(body, tuned.max_event_bytes)
            if _KEY in headers:
                events = _with_key(_text(headers, _KEY), events, is_many)
            led_here = hops.read(_text(headers, _HOPS)) if _HOPS in headers else 0
            self._publishing.publish_for(
                committed, self._tell, project, events, is_many=is_many, hops=led_here
            )
            return is_many

        is_many = await work_on(body, publish, takes_time=self._publishing.takes_time(project))
        del body
        return _answer(await committed, is_many)

    def _tell(self, ended: list[Ended]) -> None:
        """A commit is over, on a writer's thread: wake the event loop, once for all who wait for it, and have
        them answered, later where the hub is behind with its deliveries.
        """
        loop = ended[0].key.get_loop()
        if pause_s := self._publishing.pause_s:
            loop.call_soon_threadsafe(loop.call_later, pause_s, _settle, ended)
        else:
            loop.call_soon_threadsafe(_settle, ended)


def _text(headers: _Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _settle(ended: list[Ended]) -> None:
    for end in ended:
        if end.key.done():  # whoever asked has gone
            continue
        if end.error is None:
            end.key.set_result(end.result)
        else:
            end.key.set_exception(end.error)


def _comes_in_lines(headers: _Headers) -> bool:
    if headers.get(b"content-type", _JSON) == _JSON:  # as nearly all say
        return False
    content_type = _text(headers, b"content-type").partition(";")[0].strip().lower()
    if content_type in NDJSON:
        return True
    if content_type != "application/json":
        raise Problem(
            415,
            f"send application/json or application/x-ndjson, not {content_type[:100]}",
        )
    return False


def _with_key(key: str, events: list[Published], is_many: bool) -> list[Published]:
    """The event with the `Idempotency-Key` of its request."""
    field = "Idempotency-Key"
    if is_many:
        raise Invalid([(field, "goes with a single event; give each event of several its own id")])
    if not 1 <= len(key) <= KEY_MAX_LENGTH:
        raise Invalid([(field, f"must have 1 to {KEY_MAX_LENGTH} characters")])
    if events[0].key not in (None, key):
        raise Invalid([(field, "differs from the event's id: give one of them")])
    return [replace(events[0], key=key)]


def _answer(receipts: list[Receipt], is_many: bool) -> bytes:
    answers = [_body(receipt) for receipt in receipts]
    return _encode({"accepted": len(answers), "events": answers} if is_many else answers[0])


def _body(receipt: Receipt) -> ReceiptBody:
    moment = iso(receipt.occurred_at)
    if receipt.due_at is None:
        return ReceiptBody(receipt.id, receipt.type, moment, receipt.deliveries, receipt.is_duplicate, None)
    due_at = iso(receipt.due_at)
    return ReceiptBody(receipt.id, receipt.type, moment, None, receipt.is_duplicate, due_at)
