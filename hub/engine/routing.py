"""Which hooks get an event, by tables in memory: who wants its type, and whose filter it passes.

Owns the routing tables of all projects. Filters are asked on the publisher's side, as of the version of the
table in memory. The transaction that writes the event only compares versions, and asks filters again where
the version has moved on. So a thousand filters cost who publishes, and not everybody's commit. Step before:
`intake` has an event. Step after: `store.events` writes its deliveries.
"""

import threading
from collections.abc import Iterable, Sequence

from hub.rules.facts import Facts
from hub.rules.matching import Candidates, RoutingTable
from hub.store import routing
from hub.store.events import NewEvent


class Routing:
    """Kept true by the version that each change of a hook raises.

    It must be asked in no transaction that changes hooks: it is everybody's, and that may be undone.
    """

    def __init__(self) -> None:
        self._tables: dict[int, RoutingTable] = {}
        self._lock = threading.Lock()

    def match(self, project_id: int, event_types: Iterable[str]) -> dict[str, list[str]]:
        """Type → ids of the hooks that want it, whatever their filters say, as is committed."""
        with self._lock:
            table = self._refreshed(project_id)
            return {event_type: table.match(event_type) for event_type in event_types}

    def has_filters(self, project_id: int) -> bool:
        """Whether some hook of a project is known to have a filter: `route_ahead` takes time then."""
        table = self._tables.get(project_id)
        return table is not None and table.has_filters

    def route_ahead(self, events: Sequence[NewEvent]) -> None:
        """Ask the filters of a project about its events, as of what is known in memory."""
        if not events or not self.has_filters(events[0].project_id):
            return
        project_id = events[0].project_id
        with self._lock:
            table = self._tables[project_id]
            version = table.version
            candidates = _candidates(table, events)
        for event in events:
            _send_to(event, candidates[event.type])
            event.routed_by = version

    def route(self, events: Iterable[NewEvent]) -> None:
        """Say who gets these events, as is committed; in the transaction that writes them."""
        by_project: dict[int, list[NewEvent]] = {}
        for event in events:
            by_project.setdefault(event.project_id, []).append(event)
        for project_id, found in by_project.items():
            with self._lock:
                table = self._refreshed(project_id)
                version = table.version
                unsure = [event for event in found if event.routed_by != version]
                candidates = _candidates(table, unsure)
            for event in unsure:
                _send_to(event, candidates[event.type])

    def _refreshed(self, project_id: int) -> RoutingTable:
        table = self._tables.setdefault(project_id, RoutingTable())
        routing.refresh(table, project_id)
        return table


def _candidates(table: RoutingTable, events: Iterable[NewEvent]) -> dict[str, Candidates]:
    return {event_type: table.candidates(event_type) for event_type in {event.type for event in events}}


def _send_to(event: NewEvent, candidates: Candidates) -> None:
    event.entries = candidates.entries
    if not candidates.filtered:
        event.hook_ids = list(candidates.plain)
    else:
        event.hook_ids = candidates.wanting(Facts(event.type, event.occurred_at, event.data, event.source_id))
