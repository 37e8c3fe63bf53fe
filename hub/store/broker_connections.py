"""Connections to message brokers: how each is reached, and why it could not be last.

Owns the table; the password lies sealed in it. Step before: `operations.broker_connections` has checked what
an administrator set. Step after: it is opened for `hub.targets.brokers`. Times are epoch seconds.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hub.ids import new_id
from hub.store import models
from hub.store.database import Database
from hub.store.secrets import SecretBox


@dataclass(frozen=True, slots=True)
class BrokerConnection:
    id: str
    name: str
    kind: str
    url: str
    username: str | None
    sealed_password: str | None
    ca: str | None
    verify_ssl: bool
    projects: tuple[str, ...] | None
    """The keys of those that may use it; None: all."""
    created_by: str
    created_at: float
    updated_at: float
    last_error: str | None
    last_error_at: float | None

    @property
    def has_password(self) -> bool:
        return self.sealed_password is not None

    def is_for(self, project_key: str) -> bool:
        return self.projects is None or project_key in self.projects


def add(
    box: SecretBox, columns: Mapping[str, Any], password: str | None, created_by: str, now: float
) -> BrokerConnection:
    """A new one with these columns, which the caller has checked. Raises: Conflict, the name is taken."""
    connection_id = new_id("con")
    models.BrokerConnection.create(
        id=connection_id,
        password=_sealed(box, connection_id, password),
        created_by=created_by,
        created_at=now,
        updated_at=now,
        **_encoded(columns),
    )
    made = get(connection_id)
    assert made is not None, "it was written in this transaction"
    return made


def get(connection_id: str) -> BrokerConnection | None:
    row = models.BrokerConnection.get_or_none(models.BrokerConnection.id == connection_id)
    return None if row is None else _connection(row)


def named(names: Collection[str]) -> dict[str, BrokerConnection]:
    """Those of these names that there are."""
    table = models.BrokerConnection
    return {row.name: _connection(row) for row in table.select().where(table.name.in_(list(names)))}


def find(before: str | None = None, limit: int = 200) -> tuple[BrokerConnection, ...]:
    """Newest first."""
    table = models.BrokerConnection
    query = table.select()
    if before is not None:
        query = query.where(table.id < before)
    return tuple(map(_connection, query.order_by(table.id.desc()).limit(limit)))


def locked(database: Database, connection_id: str) -> BrokerConnection | None:
    """Kept from others until the transaction ends."""
    table = models.BrokerConnection
    row = database.for_update(table.select().where(table.id == connection_id)).first()
    return None if row is None else _connection(row)


def update(connection: BrokerConnection, columns: Mapping[str, Any], now: float) -> BrokerConnection:
    """Set these columns. The row must be locked."""
    table = models.BrokerConnection
    table.update(**_encoded(columns), updated_at=now).where(table.id == connection.id).execute()
    return get(connection.id) or connection


def set_password(box: SecretBox, connection: BrokerConnection, password: str | None) -> None:
    """None removes it. The row must be locked."""
    table = models.BrokerConnection
    sealed = _sealed(box, connection.id, password)
    table.update(password=sealed).where(table.id == connection.id).execute()


def delete(connection: BrokerConnection) -> None:
    models.BrokerConnection.delete().where(models.BrokerConnection.id == connection.id).execute()


def report(name: str, error: str | None, now: float) -> None:
    """Why it cannot be used now; None: it can."""
    table = models.BrokerConnection
    columns = {"last_error": error, "last_error_at": None if error is None else now}
    table.update(columns).where(table.name == name).execute()


def hooks_on(name: str) -> int:
    """How many hooks send through it."""
    table = models.Hook
    beginning = f"broker://{name}/"
    query = table.select().where(table.deleted_at.is_null(), table.target_url.startswith(beginning))
    return int(query.count())


def password_of(box: SecretBox, connection: BrokerConnection) -> str | None:
    """Raises: SecretUnreadable."""
    sealed = connection.sealed_password
    return None if sealed is None else box.open(connection.id, "password", sealed)


def _sealed(box: SecretBox, connection_id: str, password: str | None) -> str | None:
    return None if password is None else box.seal(connection_id, "password", password)


def _encoded(columns: Mapping[str, Any]) -> dict[str, Any]:
    encoded = dict(columns)
    if encoded.get("projects") is not None:
        encoded["projects"] = json.dumps(list(encoded["projects"]))
    return encoded


def _connection(row: Any) -> BrokerConnection:
    return BrokerConnection(
        row.id,
        row.name,
        row.kind,
        row.url,
        row.username,
        row.password,
        row.ca,
        bool(row.verify_ssl),
        None if row.projects is None else tuple(json.loads(row.projects)),
        row.created_by,
        row.created_at,
        row.updated_at,
        row.last_error,
        row.last_error_at,
    )
