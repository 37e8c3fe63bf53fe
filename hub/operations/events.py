"""Events, read: found, shown as they are sent, and matched against the hooks there are now.

Owns which events a requester may see. Tests are nobody's news; the hub's own events tell of hooks, and an app
must not learn of another's (docs/roles.md).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from connectors.base import Event
from hub.errors import Conflict, Invalid, NotFound
from hub.operations.subscriptions import Subscriptions
from hub.rules import catalogue
from hub.rules.access import Requester, require, sees_bodies
from hub.rules.facts import Facts
from hub.rules.matching import OWN_EVENT_TYPES, PING_EVENT_TYPE
from hub.store import audit, event_lists, events
from hub.store.database import Database
from hub.store.hooks import Hook
from hub.store.projects import Project

TYPES_ASKED_MAX = 100
"""SQLite builds differ in how many values a query may have (32,766 is usual)."""
PREVIEW_MAX = 10_000
"""Hooks that a preview looks at: the newest."""
PREVIEW_PAGE = 200
PATTERNS_SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Preview:
    """Which hooks an event would reach now."""

    matched: tuple[str, ...]
    not_matched: tuple[tuple[str, str], ...]
    """(hook id, why not)."""


class Events:
    """The events of all projects. Every method may be called from any thread but the event loop's."""

    def __init__(self, database: Database, subscriptions: Subscriptions) -> None:
        self._database = database
        self._subscriptions = subscriptions

    def find(
        self,
        requester: Requester,
        project: Project,
        *,
        types: Sequence[str] | None = None,
        pattern: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> tuple[list[Event], bool]:
        """Newest first, and whether there are more; None for all types, `pattern` as hooks have them. Large
        ones end the list before `limit`.

        Raises:
            Invalid: too many types, or one that cannot be there.
        """
        if types is not None and len(types) > TYPES_ASKED_MAX:
            raise Invalid([("type", f"may name {TYPES_ASKED_MAX} types")], title="Wrong parameters")
        wrong = [catalogue.filter_error(project.catalogue, code) for code in types or ()]
        if reasons := [reason for reason in wrong if reason is not None]:
            raise Invalid([("type", reasons[0])], title="Wrong parameters")
        prefix = ""
        if pattern is not None and pattern != "*":
            if reason := catalogue.pattern_error(project.catalogue, pattern):
                raise Invalid([("type", reason)], title="Wrong parameters")
            prefix = pattern.removesuffix(".*")
        hidden = hidden_types(requester)
        found, goes_on = self._database.read(
            lambda: event_lists.newest(project.id, types, before, limit, hidden, prefix)
        )
        return [events.as_sent(event, project.key) for event in found], goes_on

    def get(self, requester: Requester, project: Project, event_id: str) -> Event:
        """Raises: NotFound, also for one that this requester must not see."""
        found = self._database.read(lambda: events.get(project.id, event_id))
        if found is None or (requester.app is not None and found.type in hidden_types(requester)):
            raise NotFound("there is no such event in this project", title="No such event")
        return events.as_sent(found, project.key)

    def named(self, requester: Requester, project: Project, event_ids: Collection[str]) -> dict[str, Event]:
        """Those of these events whose data this requester sees, by their id; large ones are left out."""
        if not sees_bodies(requester):
            return {}
        hidden = () if requester.app is None else hidden_types(requester)
        found = self._database.read(lambda: event_lists.named(project.id, event_ids))
        return {
            event_id: events.as_sent(event, project.key)
            for event_id, event in found.items()
            if event.type not in hidden
        }

    def withdraw(self, requester: Requester, project: Project, event_id: str) -> None:
        """Delete an event that still waits for its time (`deliver_at`).

        Raises: Forbidden; NotFound; Conflict, it has been given to its hooks.
        """
        require(requester, "publish", "manage", project_id=project.id)

        def write() -> None:
            if events.delete_due(project.id, event_id):
                now = self._database.clock.now()
                audit.add(now, requester, "event.withdrawn", event_id, project.id)
            elif events.head(project.id, event_id) is None:
                raise NotFound("there is no such event in this project", title="No such event")
            else:
                raise Conflict(
                    "this event has been given to its hooks: only one that still waits can be withdrawn",
                    title="Too late",
                )

        self._database.write(write).result()

    def due_at(self, event_ids: Sequence[str]) -> dict[str, float]:
        """The times that events wait for; those that wait for none are left out."""
        return self._database.read(lambda: events.due_at(event_ids))

    def preview(
        self, requester: Requester, project: Project, facts: Facts, most: int = PREVIEW_MAX
    ) -> Preview:
        """What such an event would reach now, of the newest `most` hooks that this requester sees; nothing is
        stored.

        Raises:
            Invalid: a type that the project does not take.
        """
        if reason := catalogue.type_error(project.catalogue, facts.type):
            raise Invalid([("type", reason)])
        sees = sees_bodies(requester)
        matched, not_matched = [], []
        for hook in self._hooks(requester, project, most):
            why = _why_not(hook, facts, sees)
            if why is None:
                matched.append(hook.id)
            else:
                not_matched.append((hook.id, why))
        return Preview(tuple(matched), tuple(not_matched))

    def _hooks(self, requester: Requester, project: Project, most: int) -> Iterator[Hook]:
        """Those that this requester sees, newest first, a page of them in memory at a time."""
        before = None
        for _ in range(0, most, PREVIEW_PAGE):
            found = self._subscriptions.find(requester, project, before=before, limit=PREVIEW_PAGE)
            yield from found
            if len(found) < PREVIEW_PAGE:
                return
            before = found[-1].id


def hidden_types(requester: Requester) -> tuple[str, ...]:
    """The types that this requester is not shown among a project's events."""
    return (PING_EVENT_TYPE,) if requester.app is None else (PING_EVENT_TYPE, *OWN_EVENT_TYPES)


def _why_not(hook: Hook, facts: Facts, sees: bool) -> str | None:
    """`sees`: what the event holds may be said."""
    if hook.state == "disabled":
        return f"it is switched off: {hook.health.disabled_reason}"
    if not hook.subscription.wants_type(facts.type):
        return f"it does not want {facts.type}: it wants {', '.join(hook.events[:PATTERNS_SHOWN_MAX])}"
    failed = hook.subscription.failed(facts)
    if failed is None:
        return None
    return f"not sent: {failed.reason if sees else failed.reason_unseen}"
