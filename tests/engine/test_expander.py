"""A whole hub writes the deliveries of a large fan-out after its answer, and goes on where it was stopped."""

from hub.engine.expander import Expander
from hub.engine.intake import Intake
from hub.rules.payload import Published
from hub.store import fan_outs
from hub.store.fan_outs import AT_ONCE_MAX
from hub.store.models import Delivery
from tests.rigs.stage import Stage
from tests.rigs.waiting import DEADLINE_S, until


def accept(store: Stage, count: int, key: str | None = None) -> list[int]:
    """The deliveries that each event's publisher is told."""
    intake = Intake(store.database, lambda: None)
    keys = [None] * (count - 1) + [key]
    published = [Published("a.b", b"{}", one, None) for one in keys]
    receipts = intake.accept(store.project.id, published, remembers_types=False).result(DEADLINE_S)
    return [receipt.deliveries for receipt in receipts]


def written(store: Stage) -> int:
    return store.read(Delivery.select().count)


def test_a_publisher_is_told_all_deliveries_and_they_are_written_soon(store: Stage) -> None:
    store.hook()
    store.hook()
    woken: list[int] = []
    expander = Expander(store.database, lambda: woken.append(1))
    expander.start()
    assert accept(store, AT_ONCE_MAX) == [2] * AT_ONCE_MAX
    expander.go()
    until(lambda: written(store), lambda count: count == 2 * AT_ONCE_MAX)
    expander.stop()
    assert woken
    assert store.read(fan_outs.promised) == 0


def test_a_repeated_key_promises_nothing_twice(store: Stage) -> None:
    store.hook()
    store.hook()
    accept(store, AT_ONCE_MAX, key="k")
    assert accept(store, 1, key="k") == [2]
    expander = Expander(store.database, lambda: None)
    while expander.turn():
        pass
    assert written(store) == 2 * AT_ONCE_MAX


def test_what_one_process_promised_another_writes_and_two_never_write_the_same(store: Stage) -> None:
    store.hook()
    accept(store, 4 * AT_ONCE_MAX)
    both = [Expander(store.database, lambda: None) for _ in range(2)]
    for expander in both:
        expander.start()
    until(lambda: written(store), lambda count: count >= 4 * AT_ONCE_MAX)
    for expander in both:
        expander.stop()
    assert written(store) == 4 * AT_ONCE_MAX
