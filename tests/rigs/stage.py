"""A migrated database with one project and a clock that tests set, and short names for what the store is
asked again and again.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from hub.ids import new_id
from hub.rules import fairness
from hub.rules.fairness import Ahead, Load, Room
from hub.rules.health import Switched, disabled, enabled
from hub.rules.hook_fields import HookChange
from hub.rules.outcome import Kind, Outcome
from hub.rules.settings import Settings
from hub.store import (
    claims,
    deliveries,
    events,
    fan_outs,
    figures,
    history,
    hooks,
    lanes,
    leases,
    projects,
    rescue,
    schema,
)
from hub.store.claims import Picker
from hub.store.clock import Clock
from hub.store.database import Database
from hub.store.events import Lease, NewEvent
from hub.store.hooks import NewHook
from hub.store.leases import Claim
from hub.store.models import Attempt, Delivery, Hook
from hub.store.secrets import SecretBox
from tests.rigs.waiting import DEADLINE_S

T = TypeVar("T")


class FakeClock(Clock):
    """Stands still until it is told."""

    def __init__(self, now: float | None = None) -> None:
        super().__init__()
        self.at = super().now() if now is None else now

    def now(self) -> float:
        return self.at

    def advance(self, seconds: float) -> float:
        self.at += seconds
        return self.at


class Stage:
    """Everything runs on the caller's thread but writes, which go the way of all writes."""

    def __init__(self, url: str, patience_s: float = DEADLINE_S) -> None:
        """`patience_s`: when a change is given up; by default no busy machine comes to that."""
        self.url = url
        self.clock = FakeClock()
        self.database = Database(url, self.clock, patience_s)
        schema.migrate(self.database)
        self.box = SecretBox(["a key of the tests"])
        self.settings = Settings(retry_schedule_s=(5, 60, 300))
        self.project = self.do(lambda: projects.add("DEMO", "Demo", "open", self.clock.now()))

    def close(self) -> None:
        self.database.close()

    def do(self, fn: Callable[[], T]) -> T:
        return self.database.write(fn).result(DEADLINE_S)

    def read(self, fn: Callable[[], T]) -> T:
        return self.database.read(fn)

    def hook(self, *, quick: bool = True, **fields: Any) -> str:
        """A new hook; a quick one has proven itself already, any other is slow and shares the slow ones'
        part.
        """
        values = {
            "events": ["*"],
            "format": "standard",
            "origin_kind": "api",
            "created_by": "test",
            "target_url": "http://127.0.0.1:9/",
        }
        new = NewHook(self.project.id, **{**values, **fields})  # type: ignore[arg-type]
        hook_id = self.do(lambda: hooks.add(self.box, new, self.clock.now())).id
        self.set(hook_id, is_slow=not quick, last_success_at=self.clock.now() if quick else None)
        return hook_id

    def set(self, hook_id: str, **columns: Any) -> None:
        self.do(lambda: Hook.update(columns).where(Hook.id == hook_id).execute())

    def publish(
        self,
        hook_ids: Sequence[str],
        count: int = 1,
        data: bytes = b"{}",
        lease: Lease | None = None,
        **more: Any,
    ) -> list[str]:
        made = [
            NewEvent(
                new_id("evt"), self.project.id, "story.create", self.clock.now(), data, list(hook_ids), **more
            )
            for _ in range(count)
        ]
        if self.do(lambda: events.add(self.database, made, self.clock.now(), lease)).are_put_off:
            while self.do(lambda: fan_outs.write_some(self.database, self.project.id, 10_000)):
                pass
        return [event.id for event in made]

    def claim(
        self,
        owner: str = "a",
        free: int = 100,
        slow: int | None = None,
        bytes_max: int = 10**9,
        pick: Picker = fairness.pick,
        ahead: Ahead | None = None,
        **more: Any,
    ) -> list[Claim]:
        """With room for `free` requests, `slow` of them slow ones."""
        now = self.clock.now()
        load = Load(free, bytes_max)
        room = Room(load, Load(free if slow is None else slow, bytes_max), ahead=ahead, **more)
        return self.do(lambda: claims.claim(self.database, self.settings, owner, now, room, pick))

    def give_back(self, claims: Sequence[Claim], owner: str = "a") -> int:
        return self.do(lambda: leases.give_back(self.database, owner, claims, self.clock.now()))

    def mark_begun(self, claims: Sequence[Claim], owner: str = "a") -> None:
        begun = {claim.delivery_id: self.clock.now() for claim in claims}
        self.do(lambda: leases.mark_begun(self.database, owner, begun))

    def record(
        self, claims: Sequence[Claim], kind: Kind = "success", owner: str = "a", **how: Any
    ) -> list[Switched]:
        """All of them ended now, having taken `duration_s`."""
        duration_s = how.pop("duration_s", 0.1)
        reason = None if kind == "success" else f"a {kind}"
        outcome = Outcome(
            kind,
            self.clock.now() - duration_s,
            duration_s,
            **{"reason": reason, "was_sent": True, "format": "standard", **how},
        )
        return self.record_all([(claim, outcome) for claim in claims], owner)

    def record_all(self, outcomes: Sequence[tuple[Claim, Outcome]], owner: str = "a") -> list[Switched]:
        return self.do(
            lambda: deliveries.record(
                self.database, self.settings, owner, outcomes, self.clock.now(), lambda: 0.5, self.count
            )
        )

    def count(self, requests: Iterable[tuple[str, int, Outcome]]) -> None:
        """What counts in the figures: written at once, in the transaction that records it."""
        found: dict[figures.ResultsKey, figures.Results] = {}
        figures.gather(found, requests)
        figures.add_gathered(self.database, found)

    def promote(self, limit: int = deliveries.PROMOTE_MAX) -> int:
        return self.do(lambda: deliveries.promote(self.database, self.clock.now(), limit))

    def rescue(self, is_dead: Callable[[str], bool] = lambda owner: False) -> int:
        return self.do(lambda: rescue.rescue(self.database, self.clock.now(), is_dead))

    def row(self, hook_id: str) -> Hook:
        found: Hook = self.read(lambda: Hook.get_by_id(hook_id))
        return found

    def delivery(self, delivery_id: str) -> Delivery:
        found: Delivery = self.read(lambda: Delivery.get(Delivery.id == delivery_id))
        return found

    def of(self, hook_id: str) -> list[Delivery]:
        return self.read(
            lambda: list(Delivery.select().where(Delivery.hook_id == hook_id).order_by(Delivery.id))
        )

    def kinds(self, hook_id: str) -> list[str]:
        """What each of its attempts came to."""

        def read() -> list[str]:
            mine = Attempt.select(Attempt.kind).join(Delivery, on=(Delivery.id == Attempt.delivery_id))
            return [str(row.kind) for row in mine.where(Delivery.hook_id == hook_id)]

        return self.read(read)

    def shown(self, hook_id: str, state: str | None = None) -> list[history.Delivery]:
        """As people see them."""
        return self.read(lambda: history.find(self.project.id, hook_id=hook_id, state=state))

    def states(self, hook_id: str) -> list[str]:
        return [str(row.state) for row in self.of(hook_id)]

    def switch(self, hook_id: str, is_on: bool) -> None:
        def write() -> None:
            hook = hooks.locked(self.database, hook_id)
            assert hook is not None
            after = enabled(hook.health) if is_on else disabled(hook.health, "by hand", self.clock.now())
            hooks.switch(self.database, hook, after, self.clock.now())

        self.do(write)

    def delete(self, hook_id: str) -> None:
        def write() -> None:
            hook = hooks.locked(self.database, hook_id)
            assert hook is not None
            hooks.delete(hook, self.clock.now())

        self.do(write)

    def change(self, hook_id: str, **fields: Any) -> Hook:
        def write() -> None:
            hook = hooks.locked(self.database, hook_id)
            assert hook is not None
            hooks.update(self.box, hook, HookChange(**fields), self.clock.now())

        self.do(write)
        return self.row(hook_id)

    def mixed(self) -> str:
        """A hook with a delivered, a retrying and a waiting delivery."""
        hook_id = self.hook()
        self.publish([hook_id], 3)
        delivered, retrying = self.claim(free=2)
        self.record([delivered])
        self.record([retrying], "failure")
        return hook_id

    def arm(self, hook_id: str) -> None:
        self.do(lambda: lanes.arm(self.database, [hook_id], self.clock.now()))
