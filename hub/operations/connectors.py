"""Connectors: which apps are on in a project, whoever switches them.

Owns the checks, the audit entry and the transaction. An app's hooks can be made only while its connector is
on; those that are there stay when it is switched off.
"""

from connectors import registry
from hub.errors import NotFound
from hub.operations.projects import check_open
from hub.rules.access import Requester, require
from hub.store import audit, projects
from hub.store.database import Database
from hub.store.projects import Project


class Connectors:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, requester: Requester, project: Project) -> dict[str, bool]:
        """Key → whether it is on, in the order of the registry. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)
        on = self._database.read(lambda: projects.connectors(project.id))
        return {key: key in on for key in registry.connector_keys()}

    def update(self, requester: Requester, project: Project, key: str, is_on: bool) -> None:
        """Raises: Forbidden, NotFound."""
        require(requester, "manage", project_id=project.id)
        if key not in registry.connector_keys():
            raise NotFound(
                f"there is no connector {key}; there are: {', '.join(registry.connector_keys())}",
                title="No such connector",
            )

        def write() -> None:
            check_open(project)
            switch(requester, project, key, is_on, self._database.clock.now())

        self._database.write(write).result()


def switch(requester: Requester, project: Project, key: str, is_on: bool, now: float) -> None:
    """With its audit entry, inside a transaction; nothing when it is so already."""
    was_on = key in projects.connectors(project.id)
    if is_on != was_on:
        projects.switch_connector(project.id, key, is_on, requester.name, now)
        audit.add(now, requester, "connector.switched", key, project.id, {"enabled": [was_on, is_on]})
