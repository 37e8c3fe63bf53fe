"""Test deliveries: one attempt to one hook, never retried, never counted (docs/delivery.md, "When a hook
fails").

A test passes by the queue: it is sent at once, on the caller's thread, also to a hook that is switched off,
because that is when people test. What came of it is kept in the log like any delivery.
"""

import json
import time
from dataclasses import dataclass

from connectors.base import Event
from hub.engine import attempt_log, delivery
from hub.engine.attempt_log import Ended
from hub.engine.delivery import Shipment
from hub.engine.hook_states import HookStates
from hub.errors import Conflict
from hub.ids import new_id
from hub.operations.room import Room
from hub.operations.samples import Samples
from hub.operations.subscriptions import Subscriptions
from hub.rules import health
from hub.rules.access import Requester
from hub.rules.health import Switched
from hub.rules.matching import PING_EVENT_TYPE
from hub.rules.outcome import Outcome
from hub.store import audit, buckets, deliveries, destinations, hooks, lanes, settings
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.hooks import Hook
from hub.store.projects import Project
from hub.store.secrets import SecretBox, SecretUnreadable
from hub.targets.outbound import Outbound
from hub.timestamps import iso


@dataclass(frozen=True, slots=True)
class Ping:
    """A finished test delivery."""

    hook_id: str
    delivery_id: str
    event_id: str
    outcome: Outcome


class Pings:
    """The tests of all hooks, for one process. Call it from any thread but the event loop's."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        outbound: Outbound,
        subscriptions: Subscriptions,
        samples: Samples,
        hook_states: HookStates,
    ) -> None:
        self._database = database
        self._box = box
        self._outbound = outbound
        self._subscriptions = subscriptions
        self._samples = samples
        self._hook_states = hook_states
        self._room = Room("hooks are being tested")

    def send(self, requester: Requester, project: Project, hook_id: str) -> Ping:
        """Send a test event to a hook and wait for the answer.

        Raises:
            NotFound: there is no such hook, or it must look so. Conflict: its origin forbids it, or its
                secrets cannot be read. Forbidden: the project is archived. Busy: too many are being tested.
        """
        hook = self._subscriptions.check(requester, project, hook_id, "test")
        data = self._data(requester, project, hook)
        new = NewEvent(new_id("evt"), project.id, PING_EVENT_TYPE, time.time(), data)
        event = Event(new.id, new.type, iso(new.occurred_at), project.key, new.data)
        try:
            destination = destinations.of_hook(self._box, hook, project.key)
        except SecretUnreadable as error:
            raise Conflict(f"{error}", title="Hook unreadable") from error

        shipment = Shipment(new_id("dlv"), 1, event, destination)
        tuned = self._database.read(settings.load)
        with self._room.taken():
            outcome = delivery.attempt(shipment, self._outbound, tuned, self._database.clock)
        attempt_log.tell([Ended(event.id, hook.id, shipment.delivery_id, 1, outcome)])
        self._keep(shipment, new, outcome)
        return Ping(hook.id, shipment.delivery_id, new.id, outcome)

    def _data(self, requester: Requester, project: Project, hook: Hook) -> bytes:
        """A word of ours; for a hook with a text of its own what the newest event that it wants holds,
        because its text is about such.
        """
        if hook.template is not None:
            return self._samples.events_for(requester, project, hook, 1)[0].data
        said = {"id": hook.id, "project": project.key, "message": "This is a test from hookhub."}
        return json.dumps(said).encode()

    def _keep(self, shipment: Shipment, event: NewEvent, outcome: Outcome) -> None:
        """Log it; a failing hook that has answered with a 2xx is taken at its word."""
        hook_id = shipment.destination.hook_id

        def write() -> None:
            deliveries.add_finished(self._database, shipment.delivery_id, event, hook_id, outcome)
            buckets.take_token(self._database, hook_id, self._database.clock.now())
            hook = hooks.locked(self._database, hook_id)
            if hook is not None and outcome.kind == "success":
                now, after = self._database.clock.now(), health.cleared(hook.health)
                lanes.set_health(hook_id, after)
                lanes.arm(self._database, [hook_id], now)
                if after.state != hook.state:
                    switched = Switched(hook_id, hook.project_id, hook.state, after.state)
                    self._hook_states.changed([switched], audit.HUB, now)

        self._database.write(write).result()
