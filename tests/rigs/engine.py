"""A whole hub in the test's process, without its web side: published to directly, sending to loopback
receivers for real.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hub import config
from hub.app import Hub
from hub.engine.in_flight import BYTES_MAX, InFlight
from hub.engine.intake import Receipt
from hub.operations.ping import Ping
from hub.rules.access import Requester
from hub.rules.health import disabled, enabled
from hub.rules.payload import Published
from hub.store import history, hooks, projects, settings
from hub.store.hooks import NewHook
from hub.store.models import Attempt, Delivery, Event, Hook
from hub.targets.cores import stay_on_one_core
from tests.rigs.waiting import DEADLINE_S, until

PATIENT = {"retry_schedule_s": [0.1] * 12, "attempt_timeout_s": 300, "connect_timeout_s": 60}
"""Second tries come soon. No request fails because the machine is busy: its hook would then send one at a time."""


class Engine:
    """One hub with the project DEMO; start it with `with`."""

    def __init__(
        self,
        url: str,
        folder: Path,
        senders: int = 64,
        bytes_max: int = BYTES_MAX,
        sends: bool = True,
        in_flight: InFlight | None = None,
        prepare_thread: Callable[[], None] = stay_on_one_core,
        **tuned: Any,
    ) -> None:
        environ = {"HUB_DATABASE_URL": url, "HUB_DATA_DIR": str(folder), "HUB_OUTBOUND_ALLOW": "127.0.0.0/8"}
        self.hub = Hub(
            config.load(environ),
            sends=sends,
            patience_s=DEADLINE_S,
            in_flight=in_flight or InFlight(senders, bytes_max),
            prepare_thread=prepare_thread,
            start_wait_s=DEADLINE_S,
        )
        self.database = self.hub.database
        self.services = self.hub.services
        self.tune(**{**PATIENT, **tuned})
        now = self.database.clock.now()
        self.project = self.do(lambda: projects.by_key("DEMO") or projects.add("DEMO", "Demo", "open", now))

    def __enter__(self) -> "Engine":
        self.hub.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hub.stop()

    def do(self, fn: Callable[[], Any]) -> Any:
        return self.database.write(fn).result(DEADLINE_S)

    def tune(self, **values: Any) -> None:
        self.do(lambda: settings.change(values))

    def hook(self, url: str, events: Sequence[str] = ("*",), origin: str = "api", **fields: Any) -> str:
        new = NewHook(self.project.id, url, tuple(events), "standard", origin, "test", **fields)
        hook = self.do(lambda: hooks.add(self.services.box, new, self.database.clock.now()))
        return str(hook.id)

    def publish(
        self, count: int = 1, code: str = "story.create", data: bytes = b"{}", key: str | None = None
    ) -> list[Receipt]:
        published = [Published(code, data, key, None) for _ in range(count)]
        return self.services.intake.accept(self.project.id, published, remembers_types=True).result(
            DEADLINE_S
        )

    def switch(self, hook_id: str, is_on: bool) -> None:
        self.do(lambda: self.switched(hook_id, is_on))
        self.services.wake()

    def switched(self, hook_id: str, is_on: bool) -> None:
        """The same inside a transaction."""
        hook = hooks.locked(self.database, hook_id)
        assert hook is not None
        now = self.database.clock.now()
        after = enabled(hook.health) if is_on else disabled(hook.health, "by hand", now)
        hooks.switch(self.database, hook, after, now)

    def ping(self, hook_id: str) -> Ping:
        return self.services.pings.send(Requester("test", frozenset({"manage"})), self.project, hook_id)

    def row(self, hook_id: str) -> Hook:
        found: Hook = self.database.read(lambda: Hook.get_by_id(hook_id))
        return found

    def deliveries(self, hook_id: str) -> list[Delivery]:
        return self.database.read(
            lambda: list(Delivery.select().where(Delivery.hook_id == hook_id).order_by(Delivery.id))
        )

    def states(self, hook_id: str) -> list[str]:
        """As people see them."""
        found = self.database.read(lambda: history.find(self.project.id, hook_id=hook_id, limit=100_000))
        return [delivery.state for delivery in reversed(found)]

    def attempts(self, hook_id: str) -> list[Attempt]:
        def read() -> list[Attempt]:
            query = (
                Attempt.select()
                .join(Delivery, on=(Delivery.id == Attempt.delivery_id))
                .where(Delivery.hook_id == hook_id)
            )
            return list(query.order_by(Attempt.started_at))

        return self.database.read(read)

    def events(self, code: str) -> list[Event]:
        return self.database.read(lambda: list(Event.select().where(Event.type == code)))

    def settled(self, hook_id: str, state: str = "delivered") -> None:
        """Wait until all of a hook's deliveries are in this state."""
        until(lambda: self.states(hook_id), lambda states: set(states) == {state})
