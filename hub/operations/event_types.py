"""Event types: those that a project knows, and how an open one is told of more.

Owns what a type looks like to people: a catalogue's, one that an open project has seen or declared, or the
hub's own.
"""

from connectors.base import EventTypeInfo
from hub.errors import Conflict, Invalid
from hub.rules import catalogue
from hub.rules.access import Requester
from hub.store import event_types
from hub.store.database import Database
from hub.store.event_types import LISTED_MAX
from hub.store.projects import Project


class EventTypes:
    """The event types of all projects. Every method may be called from any thread but the event loop's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, requester: Requester, project: Project) -> list[EventTypeInfo]:
        """A catalogue's types, or what an open project has seen or declared, the first LISTED_MAX; then the
        hub's own.
        """
        return [*self._own_to_project(project, 0, LISTED_MAX), *catalogue.OWN_TYPES]

    def page(self, requester: Requester, project: Project, first: int, limit: int) -> list[EventTypeInfo]:
        """A part of the whole list."""
        found = self._own_to_project(project, first, limit)
        if len(found) < limit:
            after = max(0, first - self._count(project))
            found += catalogue.OWN_TYPES[after : after + limit - len(found)]
        return found

    def _own_to_project(self, project: Project, first: int, limit: int) -> list[EventTypeInfo]:
        known = catalogue.types_of(project.catalogue)
        if known is not None:
            return list(known.values())[first : first + limit]
        rows = self._database.read(lambda: event_types.find(project.id, first, limit))
        return [_info(row.code, row.name, row.description) for row in rows]

    def _count(self, project: Project) -> int:
        known = catalogue.types_of(project.catalogue)
        return len(known) if known is not None else self._database.read(lambda: event_types.count(project.id))

    def declare(
        self, requester: Requester, project: Project, code: str, name: str, description: str
    ) -> EventTypeInfo:
        """Say what a type of an open project is about, before or after it was first published.

        Raises:
            Conflict: the project has a catalogue. Invalid: it is no type, or one of the hub's own.
        """
        if project.catalogue != catalogue.OPEN:
            raise Conflict(
                f"this project knows the types of the {project.catalogue} catalogue and no others",
                title="Catalogue",
            )
        if reason := catalogue.type_error(project.catalogue, code):
            raise Invalid([("id", reason)])
        now = self._database.clock.now()
        self._database.write(lambda: event_types.declare(project.id, code, name, description, now)).result()
        return _info(code, name, description)


def _info(code: str, name: str, description: str) -> EventTypeInfo:
    return EventTypeInfo(code, name or code, description, code.partition(".")[0])
