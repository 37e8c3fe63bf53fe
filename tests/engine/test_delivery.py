"""One attempt: what is sent, whom its answer blames, and what is kept of it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from connectors import registry
from connectors.base import Answer, Event
from hub.engine import delivery
from hub.engine.delivery import Shipment
from hub.errors import DeliveryError
from hub.logs import MASK
from hub.rules.headers import check_headers
from hub.rules.hook_fields import HANDSHAKES
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store.clock import Clock
from hub.store.destinations import Destination
from hub.targets.addresses import Addresses
from hub.targets.outbound import Outbound
from hub.targets.transport import Receipt, Request

OVER_HTTP = [key for key in registry.format_keys() if registry.format_of(key).makes != "mail"]
FOR_PROGRAMS = [key for key in registry.format_keys() if registry.format_of(key).makes == "json"]
EVENT = Event("evt_1", "story.create", "2026-11-23T21:04:06.123Z", "DEMO", b'{"a":1.10}')


class Loft:
    """A transport that is no HTTP: it takes what it is given and answers as told."""

    def __init__(self) -> None:
        self.answer: Answer | Exception = Answer(None, "cooed")
        self.requests: list[Request] = []

    def send(self, request: Request) -> Receipt:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return Receipt(self.answer, "body", "loft 7", 0.5)

    def close(self) -> None: ...


@pytest.fixture
def loft() -> Loft:
    return Loft()


@pytest.fixture
def outbound(loft: Loft) -> Iterator[Outbound]:
    def make(_: Addresses) -> Loft:
        return loft

    door = Outbound(transports={"pigeon": make}, origin="hub.example")
    yield door
    door.close()


def shipment(**changes: Any) -> Shipment:
    values: dict[str, Any] = {
        "hook_id": "hook_1",
        "version": 1,
        "project_key": "DEMO",
        "url": "pigeon://loft/7",
        "format": "standard",
        "verify_ssl": True,
        "headers": {},
        "handshake": None,
        "secrets": (),
    }
    return Shipment("dlv_1", 3, EVENT, Destination(**{**values, **changes}))


def attempt(outbound: Outbound, **changes: Any) -> Outcome:
    return delivery.attempt(shipment(**changes), outbound, Settings(), Clock())


def test_what_is_not_http_is_sent_the_same_way(outbound: Outbound, loft: Loft) -> None:
    outcome = attempt(outbound, secrets=(("s3cret", None),))
    assert (outcome.kind, outcome.status, outcome.phase, outcome.peer) == ("success", None, "body", "loft 7")
    [request] = loft.requests
    assert request.parcel.body == registry.format_of("standard").body(EVENT)
    assert request.parcel.headers["webhook-id"] == "evt_1"
    assert request.parcel.headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    ("answer", "kind", "blames_event", "wait_s"),
    [
        (Answer(204), "success", False, None),
        (Answer(302, headers=[("Location", "/x")]), "failure", False, None),
        (Answer(400), "failure", True, None),
        (Answer(404), "failure", False, None),
        (Answer(503, headers=[("Retry-After", "120")]), "failure", False, 120),
        (Answer(410), "gone", False, None),
        (Answer(429), "later", False, None),
        (Answer(429, headers=[("retry-after", "7")]), "later", False, 7),
    ],
)
def test_the_formats_judgement_says_whom_an_answer_blames(
    outbound: Outbound, loft: Loft, answer: Answer, kind: str, blames_event: bool, wait_s: float | None
) -> None:
    loft.answer = answer
    outcome = attempt(outbound)
    assert (outcome.kind, outcome.status, outcome.blames_event) == (kind, answer.status, blames_event)
    assert outcome.resume_at == (None if wait_s is None else outcome.ended_at + wait_s)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DeliveryError("connection refused", "connect"), "failure"),
        (DeliveryError("not allowed", "none", "refused"), "refused"),
        (DeliveryError("no descriptor", "connect", "hub"), "fault"),
        (RuntimeError("a bug"), "fault"),
    ],
)
def test_without_an_answer_the_error_says_whose_fault_it_is(
    outbound: Outbound, loft: Loft, error: Exception, kind: str
) -> None:
    loft.answer = error
    assert attempt(outbound).kind == kind


def test_a_hook_whose_format_is_gone_is_the_hubs_fault_and_nothing_is_sent(
    outbound: Outbound, loft: Loft
) -> None:
    outcome = attempt(outbound, format="of an uninstalled package")
    assert (outcome.kind, outcome.url, outcome.request_body) == ("fault", "pigeon://loft/7", None)
    assert "there is no format" in str(outcome.reason)
    assert loft.requests == []


@pytest.mark.parametrize("key", FOR_PROGRAMS)
def test_what_was_sent_is_kept_and_never_made_again(outbound: Outbound, loft: Loft, key: str) -> None:
    outcome = attempt(outbound, format=key, headers={"X-Key": "credential"}, secrets=(("s3cret", None),))
    [request] = loft.requests
    assert outcome.request_body is not None
    assert outcome.request_body.whole(EVENT.data) == request.parcel.body
    assert len(outcome.request_body.before) < 200
    assert (outcome.method, outcome.url, outcome.format) == ("POST", "pigeon://loft/7", key)
    assert outcome.request_headers == {**request.parcel.headers, "X-Key": MASK}


@pytest.mark.parametrize("handshake", [None, *HANDSHAKES])
@pytest.mark.parametrize("form", FOR_PROGRAMS)
def test_no_header_that_the_hub_sends_can_be_set_by_a_hook(
    outbound: Outbound, loft: Loft, form: str, handshake: str | None
) -> None:
    attempt(outbound, format=form, handshake=handshake, secrets=(("s3cret", None),))
    [request] = loft.requests
    for name in request.parcel.headers:
        for written in (name, name.lower(), name.upper(), name.title()):
            assert [found for found, _ in check_headers({written: "x"})] == [written]


@pytest.mark.parametrize("handshake", [None, *HANDSHAKES])
@pytest.mark.parametrize("form", OVER_HTTP)
def test_the_hubs_own_headers_win_in_any_letter_case(
    outbound: Outbound, loft: Loft, form: str, handshake: str | None
) -> None:
    """A hook may have one from before we sent it."""
    how = {"format": form, "handshake": handshake, "secrets": (("s3cret", None),)}
    attempt(outbound, **how)
    ours = dict(loft.requests.pop().parcel.headers)
    attempt(outbound, **how, headers={"X-Token": "t", **{name.swapcase(): "x" for name in ours}})
    sent = loft.requests.pop().parcel.headers
    assert sent.keys() == {"X-Token", *ours}
    assert "x" not in sent.values()


def test_what_a_receiver_repeats_of_the_hooks_credentials_is_not_kept(outbound: Outbound, loft: Loft) -> None:
    loft.answer = Answer(
        302,
        headers=[("Location", "https://example.com/?key=my%20header%20value"), ("X-Key", "my header value")],
        body=b'{"you sent": "my header value", "signed with": "an old secret"}',
    )
    outcome = attempt(
        outbound,
        headers={"X-Key": "my header value"},
        secrets=(("s3cret", None), ("an old secret", 1.0)),
    )
    assert outcome.response_headers == [("Location", f"https://example.com/?key={MASK}"), ("X-Key", MASK)]
    assert outcome.response_body == f'{{"you sent": "{MASK}", "signed with": "{MASK}"}}'.encode()
    assert "header" not in str(outcome.reason)


def test_a_format_judges_the_answer_as_it_came(outbound: Outbound, loft: Loft) -> None:
    """A credential that happens to be what a receiver says must not turn its answer into another."""
    loft.answer = Answer(429, headers=[("Retry-After", "1234")])
    outcome = attempt(outbound, headers={"X-Key": "1234"})
    assert outcome.resume_at == outcome.ended_at + 1234
    assert outcome.response_headers == [("Retry-After", MASK)]


def test_each_delivery_says_how_many_led_to_it_and_the_ninth_is_refused(
    outbound: Outbound, loft: Loft
) -> None:
    for hops in (0, 7):
        sent = structs.replace(shipment(), event=replace(EVENT, hops=hops))
        assert delivery.attempt(sent, outbound, Settings(), Clock()).kind == "success"
        assert loft.requests.pop().parcel.headers["x-hub-hops"] == str(hops + 1)
    sent = structs.replace(shipment(), event=replace(EVENT, hops=8))
    outcome = delivery.attempt(sent, outbound, Settings(), Clock())
    assert (outcome.kind, outcome.phase, outcome.was_sent) == ("refused", "none", False)
    assert "goes in a circle" in str(outcome.reason)
    assert loft.requests == []
