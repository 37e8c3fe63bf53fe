"""A test of a hook: sent once and kept, believed when it succeeds, and never counted against the hook."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.errors import Conflict, NotFound
from tests.rigs.engine import Engine
from tests.rigs.receivers import Receiver


@pytest.fixture
def engine(sqlite_url: str, tmp_path: Path) -> Iterator[Engine]:
    running = Engine(sqlite_url, tmp_path, sends=False)
    yield running
    running.hub.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_it_is_sent_at_once_and_kept_as_a_finished_delivery(engine: Engine, receiver: Receiver) -> None:
    hook = engine.hook(receiver.url, ["nothing.like.it"], secret="mine")
    sent = engine.ping(hook)
    [request] = receiver.requests
    assert request.headers["webhook-id"] == sent.event_id
    assert "webhook-signature" in request.headers
    assert b'"project":"DEMO"' in request.body.replace(b": ", b":")
    [delivery] = engine.deliveries(hook)
    assert (delivery.id, engine.states(hook)) == (sent.delivery_id, ["delivered"])


def test_a_hook_with_a_text_of_its_own_is_tested_with_what_it_is_about(
    engine: Engine, receiver: Receiver
) -> None:
    hook = engine.hook(receiver.url, ["order.*"], template='{"text": "{{ name }} in {{ project }}"}')
    engine.publish(code="other.event", data=b'{"name": "no"}')
    engine.publish(code="order.paid", data=b'{"name": "Order 5"}')

    engine.ping(hook)

    [request] = receiver.requests
    assert request.body == b'{"text": "Order 5 in DEMO"}'


@pytest.mark.parametrize("status", [500, 410, 302])
def test_a_failure_is_told_and_counts_for_nothing(engine: Engine, receiver: Receiver, status: int) -> None:
    hook = engine.hook(receiver.url)
    receiver.answer = status
    assert engine.ping(hook).outcome.status == status
    assert engine.states(hook) == ["failed"]
    row = engine.row(hook)
    assert (row.state, row.consecutive_failures) == ("active", 0)


def test_a_success_clears_what_failed_and_switches_nothing_on(engine: Engine, receiver: Receiver) -> None:
    failing, off = engine.hook(receiver.url), engine.hook(receiver.url, enabled=False)

    def fail() -> None:
        row = engine.row(failing)
        row.state, row.consecutive_failures = "failing", 3
        row.save()

    engine.do(fail)
    for hook in (failing, off):
        assert engine.ping(hook).outcome.kind == "success"
    assert (engine.row(failing).state, engine.row(failing).consecutive_failures) == ("active", 0)
    assert engine.row(off).state == "disabled"


def test_a_hook_that_cannot_be_read_or_is_not_there_is_refused(engine: Engine, receiver: Receiver) -> None:
    hook = engine.hook(receiver.url, secret="mine")

    def damage() -> None:
        row = engine.row(hook)
        row.secrets = "damaged"
        row.save()

    engine.do(damage)
    with pytest.raises(Conflict) as refused:
        engine.ping(hook)
    assert refused.value.title == "Hook unreadable"
    with pytest.raises(NotFound):
        engine.ping("hook_nope")
    assert receiver.requests == []
