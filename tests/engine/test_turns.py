"""Turns: no outcome is lost, whatever the database says; a whole hub, real receivers, both engines."""

import contextlib
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hub.engine.turns import DEAR_MAX, OUTCOMES_MAX, recorded_at_once
from hub.rules.outcome import Outcome
from hub.store.leases import Claim
from tests.rigs.engine import Engine
from tests.rigs.receivers import Received, Receiver, held_back
from tests.rigs.waiting import until

Make = Callable[..., Engine]


@contextlib.contextmanager
def refused_attempts(hub: Engine, *, by: str, when: str = "1 = 1") -> Iterator[None]:
    """The database refuses rows of attempts for which `when` is true: as a full disk would (`by` "disk"), or
    because no row can be made of them ("row").
    """
    if hub.database.is_postgresql:
        state = {"disk": "53100", "row": "22000"}[by]
        hub.do(
            lambda: hub.database.execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'no row can be made of it' USING ERRCODE = '{state}'; END $$"
            )
        )
        body = f"FOR EACH ROW WHEN ({when.replace('%', '%%')}) EXECUTE FUNCTION refuse()"
    else:
        fault = {
            "disk": "INSERT INTO missing VALUES (1)",
            "row": "SELECT RAISE(ABORT, 'no row can be made of it')",
        }[by]
        body = f"WHEN {when} BEGIN {fault}; END"
    hub.do(lambda: hub.database.execute(f"CREATE TRIGGER refused BEFORE INSERT ON attempt {body}"))
    yield
    table = " ON attempt" if hub.database.is_postgresql else ""
    hub.do(lambda: hub.database.execute(f"DROP TRIGGER refused{table}"))


def test_what_came_back_is_recorded_although_the_database_was_away_meanwhile(
    engine: Make, caplog: pytest.LogCaptureFixture
) -> None:
    hub = engine()
    answer, together = held_back(2, 200)
    with Receiver(answer) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        receiver.wait_for(1)
        with refused_attempts(hub, by="disk"):
            together.set()
            until(lambda: caplog.text.count("trying again") >= 2)
            assert hub.states(hook) == ["sending"]
        hub.settled(hook)
        assert len(receiver.requests) == 1, "it was not sent again"


def test_an_outcome_that_cannot_be_written_costs_no_other_its_own(engine: Make) -> None:
    """One row of a batch spoils its transaction, each time; the others must not be sent again and again for
    it.
    """
    hub = engine()
    answer, _ = held_back(4, None)

    def mixed(request: Received) -> Any:
        answer(request)
        return (200, {"X-Mark": "poison" if b"poison" in request.body else "good"}, b"")

    with (
        Receiver(mixed) as receiver,
        refused_attempts(hub, by="row", when="NEW.response_headers LIKE '%poison%'"),
    ):
        hook = hub.hook(receiver.url)
        hub.publish(3)
        hub.publish(1, data=b'{"poison":1}')
        until(lambda: hub.states(hook).count("delivered") == 3)
        until(lambda: hub.states(hook)[3] == "retrying")
        assert len([request for request in receiver.requests if b"poison" not in request.body]) == 3
        [attempt] = [one for one in hub.attempts(hook) if one.kind == "fault"][:1]
        assert "no row can be made of it" in str(attempt.reason)
        assert (hub.row(hook).consecutive_failures, hub.row(hook).state) == (0, "active")


def test_it_draws_chance_from_a_generator_of_its_own(engine: Make) -> None:
    """The process shares the global one: whoever seeds or replays it (hypothesis does) would find it
    moved.
    """
    before = random.getstate()
    hub = engine(retry_schedule_s=[60])
    with Receiver(500) as receiver:
        hook = hub.hook(receiver.url)
        hub.publish()
        until(lambda: hub.states(hook) == ["retrying"])
    assert random.getstate() == before


def test_a_turn_records_fewer_results_of_hooks_that_are_not_well() -> None:
    def ended(is_in_run: bool) -> tuple[Claim, Outcome]:
        return Claim("dlv", 1, "hook", 1, "evt", False, is_in_run=is_in_run), Outcome("success", 0.0, 0.0)

    well, ill = ended(True), ended(False)
    assert recorded_at_once([well] * 1000) == OUTCOMES_MAX
    assert recorded_at_once([ill] * 1000) == DEAR_MAX
    assert recorded_at_once([well] * 10 + [ill] * 1000) == 10 + DEAR_MAX
