"""Test deliveries: one attempt to one hook, never retried, never counted (docs/delivery.md, "When a hook fails").

Owns `ping`. It must never pass the queue: it is sent at once, on the caller's thread, also to a hook that is
switched off, because that is when people test. What came of it is kept in the log like any delivery.
"""

import json
import threading
import time
from dataclasses import dataclass

from connectors.base import Event
from hub.engine import delivery
from hub.engine.delivery import Shipment
from hub.errors import Busy, Conflict
from hub.ids import new_id
from hub.rules import health
from hub.rules.matching import PING_EVENT_TYPE
from hub.rules.outcome import Outcome
from hub.store import deliveries, destinations, hooks, lanes, settings
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.hooks import Hook
from hub.store.projects import Project
from hub.store.secrets import SecretBox
from hub.targets.outbound import Outbound
from hub.timestamps import iso

AT_ONCE_MAX = 8
"""Each waits on a thread that answers calls: targets that hang must not take all of those."""

_room = threading.BoundedSemaphore(AT_ONCE_MAX)


@dataclass(frozen=True, slots=True)
class Ping:
    """A finished test delivery."""

    delivery_id: str
    event_id: str
    outcome: Outcome


def ping(database: Database, box: SecretBox, outbound: Outbound, project: Project, hook: Hook) -> Ping:
    """Send a test event to a hook and wait for the answer.

    Raises:
        Conflict: the hook's secrets cannot be read. Busy: too many are being tested at this moment.
    """
    new = NewEvent(new_id("evt"), project.id, PING_EVENT_TYPE, time.time(), _data(project, hook))
    try:
        target = destinations.of_hook(box, hook, project.key)
    except Exception as error:
        raise Conflict(f"{error}", title="Hook unreadable") from error
    event = Event(new.id, new.type, iso(new.occurred_at), project.key, new.data)
    shipment = Shipment(new_id("dlv"), 1, event, target)
    if not _room.acquire(blocking=False):
        raise Busy(f"{AT_ONCE_MAX} other hooks are being tested; try again", retry_after_s=5)
    try:
        outcome = delivery.attempt(shipment, outbound, database.read(settings.load), database.clock)
    finally:
        _room.release()
    delivery.log_attempt(shipment, outcome)

    def write() -> None:
        deliveries.add_finished(database, shipment.delivery_id, new, hook.id, outcome)
        locked = hooks.locked(database, hook.id)
        if locked is not None and outcome.kind == "success":
            lanes.set_health(hook.id, health.cleared(locked.health))
            lanes.arm(database, [hook.id], database.clock.now())

    database.write(write).result()
    return Ping(shipment.delivery_id, new.id, outcome)


def _data(project: Project, hook: Hook) -> bytes:
    return json.dumps(
        {"id": hook.id, "project": project.key, "message": "This is a test from hookhub."}
    ).encode()
