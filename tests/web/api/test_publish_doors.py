"""The call of publishers against the same call made as every other one is: Starlette's request and routing, the
documented models, the middlewares around it. Whatever is sent, both answer alike.
"""

import asyncio
import json
import re
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from hub.app import Hub
from hub.engine.intake import Receipt
from hub.errors import Invalid
from hub.rules import hops
from hub.rules.payload import ENVELOPE_BYTES_MAX, KEY_MAX_LENGTH, read_lines, read_one_or_many
from hub.rules.settings import Settings
from hub.store.group_commit import Ended
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import encoder
from hub.web.api.models import ReceiptAnswer, ReceiptsAnswer
from hub.web.api.publish import NDJSON, PATH, Publish
from hub.web.api.queries import Query, read_query
from hub.web.body import read_body, work_on
from hub.web.body_budget import BodyBudget, WithinBudget
from hub.web.callers import Callers
from hub.web.error_answers import AnswersFaults, ErrorAnswers
from hub.web.problems import Problem
from hub.web.rendering import Renderer
from hub.web.security_headers import SecurityHeaders
from tests.rigs import loops
from tests.rigs.api import LiveHub

NEW, OLD = "NEWDOOR", "OLDDOOR"
"""The projects of the two: each sees the same requests in the same order, keys that repeat among them."""


class Publishing:
    """The call as it would be made from the parts of the others."""

    def __init__(self, hub: Hub, callers: Callers) -> None:
        self._publishing = hub.services.publishing
        self._callers = callers
        self._encode_one, self._encode_many = encoder(ReceiptAnswer), encoder(ReceiptsAnswer)

    async def endpoint(self, request: Request) -> Response:
        requester = await self._callers.requester(request)
        read_query(request.query_params, Query)
        project = await self._callers.project(requester, request.query_params)
        self._publishing.check(requester, project)
        tuned = await self._callers.settings()
        content_type = (
            request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        )
        is_lines = content_type in NDJSON
        if not is_lines and content_type != "application/json":
            raise Problem(415, f"send application/json or application/x-ndjson, not {content_type[:100]}")
        bytes_max = max(tuned.max_request_bytes, tuned.max_event_bytes + ENVELOPE_BYTES_MAX)
        body = await read_body(request, bytes_max)

        def publish(body: bytes) -> Any:
            if is_lines:
                events, is_many = read_lines(body, tuned.max_event_bytes), True
            else:
                events, is_many = read_one_or_many(body, tuned.max_event_bytes)
            key = request.headers.get("idempotency-key")
            if key is not None:
                self._check_key(key, events[0].key, is_many)
                events = [replace(events[0], key=key)]
            led_here = hops.read(request.headers.get(hops.HEADER))
            committed: Future[list[Receipt]] = Future()
            self._publishing.publish_for(committed, settle, project, events, is_many=is_many, hops=led_here)
            return committed, is_many

        committed, is_many = await work_on(body, publish)
        answers = [
            ReceiptAnswer(
                id=receipt.id,
                type=receipt.type,
                timestamp=iso(receipt.occurred_at),
                deliveries=receipt.deliveries if receipt.due_at is None else None,
                duplicate=receipt.is_duplicate,
                deliver_at=iso_or_none(receipt.due_at),
            )
            for receipt in await asyncio.wrap_future(committed)
        ]
        many = ReceiptsAnswer(accepted=len(answers), events=answers)
        said = self._encode_many(many) if is_many else self._encode_one(answers[0])
        return Response(said, 202, media_type="application/json")

    def _check_key(self, key: str, own: str | None, is_many: bool) -> None:
        field = "Idempotency-Key"
        if is_many:
            raise Invalid([(field, "goes with a single event; give each event of several its own id")])
        if not 1 <= len(key) <= KEY_MAX_LENGTH:
            raise Invalid([(field, f"must have 1 to {KEY_MAX_LENGTH} characters")])
        if own not in (None, key):
            raise Invalid([(field, "differs from the event's id: give one of them")])


def settle(ended: list[Ended]) -> None:
    """Each waits for a future of its own."""
    for one in ended:
        if one.error is None:
            one.key.set_result(one.result)
        else:
            one.key.set_exception(one.error)


GOOD_BODY = b'{"type":"a.b","data":{}}'


@dataclass(frozen=True)
class Sent:
    """A request, for whichever project."""

    chunks: list[bytes] = field(default_factory=list)
    headers: list[tuple[str, str]] = field(default_factory=list)
    who: str = "publish"
    where: str = ""
    is_cut_off: bool = False


@dataclass
class Doors:
    new: ASGIApp
    old: ASGIApp
    tokens: dict[tuple[str, str], str]
    """(who, project) → token."""
    budget: BodyBudget
    """Of the new one."""

    async def both(self, sent: Sent) -> tuple[Any, Any]:
        return await self._ask(self.new, sent, NEW), await self._ask(self.old, sent, OLD)

    async def _ask(
        self, app: ASGIApp, sent: Sent, project: str
    ) -> tuple[int, list[tuple[bytes, bytes]], Any]:
        """Status, headers and body, without what must differ: ids, the time, the project's key."""
        incoming: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": True} for chunk in sent.chunks
        ]
        last = {"type": "http.disconnect"} if sent.is_cut_off else {"type": "http.request", "body": b""}
        incoming.append(last)
        outgoing: list[Message] = []

        async def receive() -> Message:
            return incoming.pop(0)

        async def send(message: Message) -> None:
            outgoing.append(message)

        names = {"TOKEN": self.tokens.get((sent.who, project), "hub_nobody's"), "PROJECT": project}
        headers = [
            (name.encode(), value.format(**names).encode("latin-1", "replace"))
            for name, value in sent.headers
        ]
        scope = {
            "type": "http",
            "method": "POST",
            "path": PATH,
            "query_string": sent.where.format(**names).encode(),
            "headers": headers,
            "client": ("127.0.0.1", 1),
        }
        await app(scope, receive, send)
        said = b"".join(message.get("body", b"") for message in outgoing[1:])
        masked = re.sub(r"evt_[0-9a-f]{32}", "evt", said.decode().replace(project, "PROJECT"))
        masked = re.sub(r'"timestamp":"20[^"]*"', '"timestamp":"now"', masked)
        return outgoing[0]["status"], sorted(outgoing[0]["headers"]), masked


@pytest.fixture(scope="module")
def doors(live: LiveHub) -> Doors:
    for project in (NEW, OLD):
        live.project(key=project)
    tokens = {
        (who, project): live.token(who, project=project)
        for who in ("publish", "read")
        for project in (NEW, OLD)
    }
    everywhere = live.token("publish", project=None)
    tokens |= {("everywhere", project): everywhere for project in (NEW, OLD)}

    services = live.hub.services
    callers = Callers(services)
    answers = ErrorAnswers(Renderer(services.config), lambda request, problem: {})
    budget = BodyBudget(callers.settings, wait_s=0.01)
    new = Publish(services, callers, budget, answers)
    reference = Publishing(live.hub, callers)
    old = Starlette(routes=[Route(PATH, reference.endpoint, methods=["POST"])])
    old.add_middleware(WithinBudget, budget=BodyBudget(callers.settings))
    old.add_middleware(AnswersFaults, answers=answers)
    old.add_middleware(SecurityHeaders)
    return Doors(new, old, tokens, budget)


TYPES = st.sampled_from(["a.b", "story.create", "a", "A", "", "hook.ping", "hook.gone", "a" * 129, "é"])
DATA = st.sampled_from(
    [
        "{}",
        '{"a":1.10}',
        '{"a":{"b":[1,{"c":"\\u00e9:"}]}}',
        '{"a":1,"a":2}',
        '{"a":1e999}',
        '{"t":"\\ud800"}',
        "[]",
        "null",
        '{"\\u003a":":"}',
        ' {"a" :\t1} ',
        '{"a":"\x01"}',
        '{"a":' * 66 + "1" + "}" * 66,
        '{"a":01}',
        '{"big":"' + "x" * 20_000 + '"}',
        '{"ü":"\\ud83d\\ude86"}',
        "{",
        "",
    ]
)
OTHERS = st.lists(
    st.sampled_from(
        [
            '"id":"k1"',
            '"id":"k2"',
            '"id":""',
            '"id":null',
            '"id":7',
            '"payload":{}',
            '"type":"a.c"',
            '"occurred_at":"1999-11-23T21:04:06.5+01:00"',
            '"occurred_at":"1999-11-23"',
            '"occurred_at":"soon"',
            '"occurred_at":null',
            '"occurred_at":1',
            '"occurred_at":"9999-12-31T23:59:59.9999Z"',
            '"data":{}',
        ]
    ),
    max_size=3,
)
ITEMS = st.one_of(
    st.builds(
        lambda code, data, others: (
            "{" + ",".join([f'"type":{json.dumps(code)}', f'"data":{data}', *others]) + "}"
        ),
        TYPES,
        DATA,
        OTHERS,
    ),
    st.builds(lambda others: "{" + ",".join(others) + "}", OTHERS),
    st.sampled_from(["", "nope", "1", '"x"', "\ufeff{}"]),
)
GOOD = st.builds(
    lambda code, others: f'{{"type":"{code}","data":{{"n":1}}{"".join("," + one for one in others)}}}',
    st.sampled_from(["a.b", "story.create"]),
    st.lists(st.sampled_from(['"id":"k1"', '"id":"k3"', '"occurred_at":"1999-11-23T21:04:06Z"']), max_size=1),
)
BODIES = st.one_of(
    GOOD.map(str.encode),
    ITEMS.map(str.encode),
    st.lists(GOOD | ITEMS, max_size=4).map(lambda items: f"[{','.join(items)}]".encode()),
    st.lists(GOOD | ITEMS, max_size=4).map(lambda items: "\n".join(items).encode()),
    st.binary(max_size=20),
)
AUTHORIZATION = st.sampled_from(
    [
        *[[("authorization", "Bearer {TOKEN}")]] * 6,
        [],
        [("authorization", "bearer   {TOKEN} ")],
        [("x-api-key", "{TOKEN}")],
        [("authorization", "Basic x")],
        [("authorization", "Bearer {TOKEN}"), ("authorization", "Bearer other")],
    ]
)
HEADERS = st.lists(
    st.sampled_from(
        [
            ("content-type", "application/json"),
            ("content-type", "Application/JSON; charset=utf-8"),
            ("content-type", "application/x-ndjson"),
            ("content-type", "text/plain"),
            ("content-type", ""),
            ("content-encoding", "gzip"),
            ("content-encoding", "identity"),
            ("content-length", "99999999"),
            ("content-length", "x"),
            ("idempotency-key", "k1"),
            ("idempotency-key", ""),
            ("idempotency-key", "é"),
            ("idempotency-key", "k" * 513),
            ("x-hub-hops", "1"),
            ("x-hub-hops", "-1"),
            ("accept", "text/html"),
        ]
    ),
    max_size=2,
)
REQUESTS = st.builds(
    lambda body, cut, authorization, headers, who, where, is_cut_off: Sent(
        [body[:cut], body[cut:]] if cut else [body], authorization + headers, who, where, is_cut_off
    ),
    BODIES,
    st.sampled_from([0, 0, 5]),
    AUTHORIZATION,
    HEADERS,
    st.sampled_from(["publish"] * 6 + ["read", "everywhere", "nobody"]),
    st.sampled_from(
        [""] * 5 + ["project={PROJECT}", "project=OTHER", "x=1", "project={PROJECT}&project=X", "project="]
    ),
    st.sampled_from([False] * 8 + [True]),
)


@given(st.lists(REQUESTS, min_size=1, max_size=8))
@hypothesis_settings(max_examples=100, phases=[Phase.generate])  # finding the shortest takes minutes
def test_both_doors_answer_alike(doors: Doors, requests: list[Sent]) -> None:
    async def run() -> None:
        for sent in requests:
            new, old = await doors.both(sent)
            assert new == old

    loops.run(run())


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (Sent([b'{"type":"a.b","data":{}}'], [("authorization", "Bearer {TOKEN}")]), 202),
        (Sent([b'[{"type":"a.b","data":{}}]'], [("authorization", "Bearer {TOKEN}")]), 202),
        (Sent([b"{}"], []), 401),
        (Sent([b"{}"], [("authorization", "Bearer {TOKEN}")], who="read"), 403),
        (Sent([b"{}"], [("authorization", "Bearer {TOKEN}")], is_cut_off=True), 400),
        (Sent([b"{}"], [("authorization", "Bearer {TOKEN}"), ("content-length", "9" * 12)]), 413),
        (Sent([b"{}"], [("authorization", "Bearer {TOKEN}"), ("content-type", "text/plain")]), 415),
        (Sent([b"{}"], [("authorization", "Bearer {TOKEN}")]), 422),
    ],
)
def test_what_the_fuzzing_finds_alike_is_right(doors: Doors, sent: Sent, status: int) -> None:
    new, old = loops.run(doors.both(sent))
    assert new == old
    assert new[0] == status


def test_a_body_that_finds_no_room_is_told_to_come_again_and_leaves_none_taken(doors: Doors) -> None:
    sent = Sent([GOOD_BODY], [("authorization", "Bearer {TOKEN}"), ("content-length", str(len(GOOD_BODY)))])

    async def run() -> list[int]:
        statuses = []
        for held in (Settings().max_held_bytes, 0, Settings().max_held_bytes):
            await doors.budget.take(held, held)
            (status, headers, _), _ = await doors.both(sent)
            assert ((b"retry-after", b"1") in headers) == (status == 503)
            doors.budget.give_back(held)
            statuses.append(status)
        return statuses

    assert loops.run(run()) == [503, 202, 503]
