"""Event types: those that a project knows, and how an open one is told of more.

Owns what a type looks like to people: a catalogue's, one that an open project has seen or declared, or the hub's own.
"""

from connectors.base import EventTypeInfo
from hub.errors import Conflict, Invalid
from hub.rules import catalogue
from hub.rules.access import Requester
from hub.store import event_types
from hub.store.database import Database
from hub.store.projects import Project


class EventTypes:
    """The event types of all projects. Every method may be called from any thread but the event loop's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, requester: Requester, project: Project) -> list[EventTypeInfo]:
        """A catalogue's types, or what an open project has seen or declared; then the hub's own."""
        known = catalogue.types_of(project.catalogue)
        if known is not None:
            return [*known.values(), *catalogue.OWN_TYPES]
        rows = self._database.read(lambda: event_types.find(project.id))
        return [*(_info(row.code, row.name, row.description) for row in rows), *catalogue.OWN_TYPES]

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
