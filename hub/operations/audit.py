"""The audit trail as administrators read it. Reading only: each operation writes its own entries."""

from hub.operations.projects import named
from hub.rules.access import Requester, require
from hub.store import audit
from hub.store.audit import AuditEntry
from hub.store.database import Database


class AuditTrail:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self,
        requester: Requester,
        *,
        project_key: str | None = None,
        object_id: str | None = None,
        actor: str | None = None,
        before: str | None = None,
        limit: int = 200,
    ) -> tuple[AuditEntry, ...]:
        """Newest first: of one project, about one object, by one person or program, older than the entry
        `before`. Raises: Forbidden, Invalid: there is no such project.
        """
        require(requester, "admin")

        def read() -> tuple[AuditEntry, ...]:
            project = named(project_key)
            return audit.entries(project.id if project else None, object_id, before, limit, actor)

        return self._database.read(read)
