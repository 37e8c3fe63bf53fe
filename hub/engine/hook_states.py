"""A hook went off, is gone, fails, or is on again: everything that follows, whoever caused it.

Owns the notice to people, the audit entry, the hub's own event (`hook.disabled`, `hook.gone` …), the
routing of later events, the line in the log and the word to the hook's app. One that begins to fail or
recovers has the notice, and an event where a hook asks for it. All but the last two belong to the
transaction that changes the hook's state; those happen once it is committed. Step before: an outcome
(`dispatcher`) or somebody who asked (`operations.subscriptions`) has changed the state.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from hub.engine.type_counts import TypeCounts
from hub.ids import new_id
from hub.rules import filters
from hub.rules.access import Requester
from hub.rules.facts import Facts
from hub.rules.health import Switched
from hub.store import audit, events, notices, projects, routing
from hub.store.database import Database
from hub.store.events import NewEvent

log = logging.getLogger("hub.engine.hook_states")

_WORDS = {"active": "hook switched on", "gone": "hook gone"}


class HookStates:
    """For one process."""

    def __init__(
        self,
        database: Database,
        tell_app: Callable[[str], None],
        wake: Callable[[], None],
        type_counts: TypeCounts,
    ) -> None:
        """`tell_app` is told (hook id) that failures have switched a hook off; `wake`: there may be something
        to send. Both are called on a writer's thread and must return at once.
        """
        self._database = database
        self._tell_app = tell_app
        self._wake = wake
        self._type_counts = type_counts

    def changed(self, hooks: Iterable[Switched], by: Requester, now: float) -> None:
        """Do what follows, inside the transaction that has written the new states."""
        own_events = routing.OwnEvents()
        for switched in hooks:
            self._changed(switched, by, now, own_events)

    def _changed(self, switched: Switched, by: Requester, now: float, own_events: routing.OwnEvents) -> None:
        hook_id, before, after = switched.hook_id, switched.before, switched.after
        notices.hook_changed(
            self._database, hook_id, switched.project_id, before, after, switched.reason, now
        )
        if after == "failing" or (before, after) == ("failing", "active"):
            self._publish(switched, by, _event_type(switched), now, own_events, only_if_wanted=True)
            self._database.after_commit(self._wake)
            return
        action = _event_type(switched)
        fields: dict[str, Any] = {"state": [switched.before, switched.after]}
        if switched.reason:
            fields["reason"] = switched.reason
        audit.add(now, by, action, switched.hook_id, switched.project_id, fields)
        if switched.after == "gone":  # by an outcome; `store.hooks.switch` has done it for a person
            routing.end([switched.hook_id], switched.project_id)
        self._publish(switched, by, action, now, own_events)

        key = projects.by_id(switched.project_id)
        line = partial(_log, switched, by, str(key.key) if key else "-")
        self._database.after_commit(line)
        # One that is gone has said itself that it is over; a fault of ours ends no subscription.
        if switched.after == "auto_disabled" and not filters.is_unreadable(switched.reason):
            self._database.after_commit(partial(self._tell_app, switched.hook_id))
        self._database.after_commit(self._wake)

    def _publish(
        self,
        switched: Switched,
        by: Requester,
        event_type: str,
        now: float,
        own_events: routing.OwnEvents,
        *,
        only_if_wanted: bool = False,
    ) -> None:
        """Who wants the event is asked of the rows: the routing tables are everybody's, and must not learn
        what this transaction may yet undo.
        """
        data: dict[str, Any] = {"id": switched.hook_id, "state": switched.after}
        if by != audit.HUB:
            data["by"] = by.name
        if switched.reason:
            data["reason" if switched.after == "failing" else "disabled_reason"] = switched.reason
        event = NewEvent(
            new_id("evt"), switched.project_id, event_type, time.time(), json.dumps(data).encode()
        )
        facts = Facts(event.type, event.occurred_at, event.data)
        event.hook_ids, event.entries = own_events.wanting(switched.project_id, facts, switched.hook_id)
        if event.hook_ids or not only_if_wanted:
            events.add(self._database, [event], now)
            self._database.after_commit(lambda: self._type_counts.add([event], now))


def _event_type(switched: Switched) -> str:
    if (switched.before, switched.after) == ("failing", "active"):
        return "hook.recovered"
    types = {"active": "hook.enabled", "gone": "hook.gone", "failing": "hook.failing"}
    return types.get(switched.after, "hook.disabled")


def _log(switched: Switched, by: Requester, project_key: str) -> None:
    """No URL: it may hold a credential. JSON logs get the fields as keys."""
    fields = {
        "hook": switched.hook_id,
        "project": project_key,
        "state": switched.after,
        "by": by.name,
        "reason": switched.reason or "-",
    }
    pairs = " ".join(
        f"{name}={value!r}" if name in ("by", "reason") else f"{name}={value}"
        for name, value in fields.items()
    )
    log.warning("%s %s", _WORDS.get(switched.after, "hook switched off"), pairs, extra={"fields": fields})
