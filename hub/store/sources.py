"""Sources and what they refused.

Owns both tables. Secrets lie sealed in them; of a refused request only what holds no credential is kept, and
of each source only the last few. Step before: `operations.sources` has checked what a person set; `engine.
source_counts` has added up what came. Times are epoch seconds.
"""

import json
import secrets as chance
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.ids import new_id
from hub.store import models
from hub.store.database import Database
from hub.store.secrets import (
    SECRETS_MAX,
    SecretBox,
    Secrets,
    SecretUnreadable,
    opened_secrets,
    sealed_secrets,
)

PREFIX = "src_"
GONE_DAYS = 30
"""For so long a deleted source answers that it is gone; senders that understand it stop by themselves."""
REFUSALS_MAX = 50
"""Of each source."""


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    project_id: int
    kind: str
    name: str
    prefix: str
    """What the types of its events begin with."""
    settings: Mapping[str, str]
    sealed_secrets: str | None
    is_on: bool
    rate_per_s: float | None
    """How many requests a second it takes; None: as many as come."""
    created_by: str
    created_at: float
    updated_at: float
    deleted_at: float | None
    last_event_at: float | None
    last_refused_at: float | None
    last_refused_reason: str | None
    accepted: int
    repeated: int
    dropped: int
    """Those that came while it was off."""
    refused: int

    @property
    def has_secret(self) -> bool:
        return self.sealed_secrets is not None


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that a source did not take."""

    at: float
    status: int
    """What was answered."""
    reason: str
    address: str | None
    headers: tuple[tuple[str, str], ...]
    """Those that hold no credential."""
    body: bytes
    """Its beginning."""
    id: str = ""


@dataclass(slots=True)
class Arrivals:
    """What came to one source within a second."""

    accepted: int = 0
    repeated: int = 0
    dropped: int = 0
    refused: int = 0
    last_event_at: float | None = None
    last_refusal: RefusedRequest | None = None


def add(
    box: SecretBox,
    *,
    project_id: int,
    kind: str,
    name: str,
    prefix: str,
    settings: Mapping[str, str],
    secret: str | None,
    is_on: bool,
    rate_per_s: float | None,
    created_by: str,
    now: float,
) -> Source:
    source_id = PREFIX + chance.token_hex(16)
    models.Source.create(
        id=source_id,
        project_id=project_id,
        kind=kind,
        name=name,
        prefix=prefix,
        settings=json.dumps(dict(settings)),
        secrets=sealed_secrets(box, source_id, ((secret, None),)) if secret else None,
        is_on=is_on,
        rate_per_s=rate_per_s,
        created_by=created_by,
        created_at=now,
        updated_at=now,
    )
    made = by_id(source_id)
    assert made is not None, "it was written in this transaction"
    return made


def by_id(source_id: str) -> Source | None:
    """Of any project, also a deleted one."""
    row = models.Source.get_or_none(models.Source.id == source_id)
    return None if row is None else _source(row)


def find(project_id: int, before: str | None = None, limit: int = 200) -> tuple[Source, ...]:
    """Newest first; only those made before the source `before`."""
    table = models.Source
    query = table.select().where(table.project_id == project_id, table.deleted_at.is_null())
    if before is not None:
        edge = by_id(before)
        if edge is None:
            return ()
        is_older = (table.created_at < edge.created_at) | (
            (table.created_at == edge.created_at) & (table.id < edge.id)
        )
        query = query.where(is_older)
    return tuple(map(_source, query.order_by(table.created_at.desc(), table.id.desc()).limit(limit)))


def of_kind(kind: str) -> tuple[Source, ...]:
    """Those of all projects that are there, also the ones that are off."""
    table = models.Source
    query = table.select().where(table.kind == kind, table.deleted_at.is_null())
    return tuple(map(_source, query.order_by(table.id)))


def count(project_id: int) -> int:
    table = models.Source
    return int(table.select().where(table.project_id == project_id, table.deleted_at.is_null()).count())


def locked(database: Database, project_id: int, source_id: str) -> Source | None:
    """One that is there, kept from others until the transaction ends."""
    table = models.Source
    query = table.select().where(
        table.id == source_id, table.project_id == project_id, table.deleted_at.is_null()
    )
    row = database.for_update(query).first()
    return None if row is None else _source(row)


def update(source: Source, changes: Mapping[str, Any], now: float) -> Source:
    """Set these columns. The row must be locked."""
    columns = dict(changes)
    if "settings" in columns:
        columns["settings"] = json.dumps(dict(columns["settings"]))
    models.Source.update(**columns, updated_at=now).where(models.Source.id == source.id).execute()
    return by_id(source.id) or source


def rotate(box: SecretBox, source: Source, secret: str, overlap_s: float, now: float) -> Source:
    """Give it a new secret; the ones it has prove a sender until `overlap_s` from now. Those that were sealed
    with another key prove nobody any more and are dropped. The row must be locked.
    """
    end = now + overlap_s
    kept = [(old, min(end, until or end)) for old, until in _live(box, source, now)] if overlap_s > 0 else []
    secrets: Secrets = ((secret, None), *kept)[:SECRETS_MAX]
    return update(source, {"secrets": sealed_secrets(box, source.id, secrets)}, now)


def secrets_of(box: SecretBox, source: Source, now: float) -> tuple[str, ...]:
    """Those that prove a sender now, newest first; none where the key does not open them."""
    return tuple(secret for secret, _ in _live(box, source, now))


def delete(source: Source, now: float) -> None:
    """It answers for a while that it is gone; its secrets go at once. The row must be locked."""
    update(source, {"deleted_at": now, "secrets": None}, now)


def delete_all(project_id: int, now: float) -> None:
    table = models.Source
    end = {"deleted_at": now, "secrets": None}
    table.update(end).where(table.project_id == project_id, table.deleted_at.is_null()).execute()


def refusals(
    source_id: str, limit: int = REFUSALS_MAX, before: str | None = None
) -> tuple[RefusedRequest, ...]:
    """Newest first; `before`: only those older than this one."""
    table = models.Refusal
    query = table.select().where(table.source_id == source_id).order_by(table.id.desc()).limit(limit)
    if before is not None:
        query = query.where(table.id < before)
    return tuple(
        RefusedRequest(
            row.at,
            row.status,
            row.reason,
            row.address,
            tuple((name, value) for name, value in json.loads(row.headers)),
            bytes(row.body),
            row.id,
        )
        for row in query
    )


def record(arrivals: Mapping[str, Arrivals]) -> None:
    """Add up what came to each source, and keep the last refusal of each."""
    table = models.Source
    for source_id, came in sorted(arrivals.items()):
        columns: dict[Any, Any] = {
            column: column + getattr(came, column.name)
            for column in (table.accepted, table.repeated, table.dropped, table.refused)
            if getattr(came, column.name)
        }
        if came.last_event_at is not None:
            columns[table.last_event_at] = came.last_event_at
        if came.last_refusal is not None:
            columns[table.last_refused_at] = came.last_refusal.at
            columns[table.last_refused_reason] = came.last_refusal.reason
        if table.update(columns).where(table.id == source_id).execute() and came.last_refusal is not None:
            _keep(source_id, came.last_refusal)


def forget_over(cutoff: float, now: float) -> None:
    """What was refused before `cutoff`, and sources that have said for long enough that they are gone."""
    table = models.Source
    models.Refusal.delete().where(models.Refusal.at < cutoff).execute()
    gone = [row.id for row in table.select(table.id).where(table.deleted_at < now - GONE_DAYS * 86_400)]
    models.Refusal.delete().where(models.Refusal.source_id.in_(gone)).execute()
    table.delete().where(table.id.in_(gone)).execute()


def _keep(source_id: str, refusal: RefusedRequest) -> None:
    table = models.Refusal
    table.create(
        id=new_id("ref"),
        source_id=source_id,
        at=refusal.at,
        status=refusal.status,
        reason=refusal.reason,
        address=refusal.address,
        headers=json.dumps(refusal.headers),
        body=refusal.body,
    )
    own = table.select(table.id).where(table.source_id == source_id).order_by(table.id.desc())
    over = [row.id for row in own.offset(REFUSALS_MAX).limit(REFUSALS_MAX)]
    table.delete().where(table.id.in_(over)).execute()


def _live(box: SecretBox, source: Source, now: float) -> list[tuple[str, float | None]]:
    try:
        found: Iterable[tuple[str, float | None]] = opened_secrets(box, source.id, source.sealed_secrets)
    except SecretUnreadable:
        return []
    return [(secret, until) for secret, until in found if until is None or until > now]


def _source(row: Any) -> Source:
    return Source(
        id=row.id,
        project_id=row.project_id,
        kind=row.kind,
        name=row.name,
        prefix=row.prefix,
        settings=json.loads(row.settings),
        sealed_secrets=row.secrets,
        is_on=bool(row.is_on),
        rate_per_s=row.rate_per_s,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        deleted_at=row.deleted_at,
        last_event_at=row.last_event_at,
        last_refused_at=row.last_refused_at,
        last_refused_reason=row.last_refused_reason,
        accepted=row.accepted,
        repeated=row.repeated,
        dropped=row.dropped,
        refused=row.refused,
    )
