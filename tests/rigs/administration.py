"""What administrators do in tests of the API: tune, and look at the audit trail."""

from typing import Any

from hub.store import audit
from hub.store.audit import AuditEntry
from tests.rigs.api import Client, LiveHub

Json = dict[str, Any]


def tune(admin: Client, **values: Any) -> Json:
    answer = admin.patch("/settings", json=values)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def trail(live: LiveHub, object_id: str | None = None) -> list[AuditEntry]:
    """Oldest first."""
    return live.hub.database.read(lambda: audit.entries(None, object_id, None, 1000))[::-1]


def fields_of(row: AuditEntry) -> Json:
    return dict(row.fields)
