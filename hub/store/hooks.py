"""Hooks: made, changed, switched, ended, listed.

Owns a hook's configuration. A `Hook` is a frozen copy of its row; what is sealed in it is opened by
`destinations` only, for the sender. Who may do what is decided before, by `rules.access`. Every changing
function runs inside its caller's transaction.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hub.ids import new_id
from hub.rules import filters, format_fields, pace
from hub.rules.access import OriginKind
from hub.rules.changes import UNSET
from hub.rules.filters import Filter, Unreadable
from hub.rules.health import LIVE, ROUTED, Health, State
from hub.rules.hook_fields import HookChange
from hub.rules.matching import Subscription
from hub.rules.pace import FIELDS as PACE_FIELDS
from hub.rules.pace import PLAIN, Pace
from hub.store import lanes, models, notices, routing
from hub.store.database import Database
from hub.store.secrets import (
    SECRETS_MAX,
    SecretBox,
    Secrets,
    SecretUnreadable,
    opened_secrets,
    sealed_headers,
    sealed_secrets,
    sealed_settings,
)


@dataclass(frozen=True, slots=True)
class LastResult:
    """A hook's last request, for people; why it failed is in the hook's health."""

    at: float
    status: int | None
    """None: nothing was answered."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class Hook:
    """One subscription, as it was when it was read. Times are epoch seconds."""

    id: str
    number: int
    """Unique in its project, for dialects whose ids are integers."""
    project_id: int
    target_url: str
    events: tuple[str, ...]
    filter: Filter | Unreadable | None
    name: str
    format: str
    verify_ssl: bool
    manual_edit: bool
    handshake: str | None
    origin_kind: OriginKind
    origin_app: str | None
    created_by: str
    created_at: float
    updated_at: float
    version: int
    """Raised with each change of how it is sent to: senders cache by it."""
    deleted_at: float | None
    health: Health
    last: LastResult | None
    """What its last request came to; None before the first."""
    template: str | None
    """What makes its message or body; None: the format does."""
    pace: Pace
    sealed_headers: str | None = field(repr=False)
    sealed_settings: str | None = field(repr=False)
    sealed_secrets: str | None = field(repr=False)

    @property
    def state(self) -> State:
        return self.health.state

    @property
    def is_on(self) -> bool:
        """Whether it is sent to."""
        return self.health.state in LIVE

    @property
    def shown_url(self) -> str:
        """Its target for people who may not edit it: the URL of a chat is a credential."""
        return format_fields.shown_url(self.format, self.target_url)

    @property
    def has_secret(self) -> bool:
        return self.sealed_secrets is not None

    def value(self, name: str) -> Any:
        """Of a field that a `HookChange` has."""
        return getattr(self.pace if name in PACE_FIELDS else self, name)

    @property
    def subscription(self) -> Subscription:
        return Subscription(self.events, self.filter)


@dataclass(frozen=True, slots=True)
class NewHook:
    """What a hook is made of; checked by the caller."""

    project_id: int
    target_url: str
    events: tuple[str, ...]
    format: str
    origin_kind: OriginKind
    created_by: str
    origin_app: str | None = None
    filter: Filter | None = None
    name: str = ""
    enabled: bool = True
    verify_ssl: bool = True
    manual_edit: bool = False
    handshake: str | None = None
    template: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    pace: Pace = PLAIN
    secret: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def hook_of(row: Mapping[str, Any]) -> Hook:
    """The frozen copy of a row, given by column; for the store's own modules."""
    return Hook(
        id=row["id"],
        number=row["number"],
        project_id=row["project_id"],
        target_url=row["target_url"],
        events=tuple(json.loads(row["events"])),
        filter=None if row["filter_rows"] is None else filters.stored(row["filter_rows"]),
        name=row["name"],
        format=row["format"],
        verify_ssl=row["verify_ssl"],
        manual_edit=row["manual_edit"],
        handshake=row["handshake"],
        origin_kind=row["origin_kind"],
        origin_app=row["origin_app"],
        created_by=row["created_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
        deleted_at=row["deleted_at"],
        health=lanes.health_of(row),
        last=None
        if row["last_at"] is None
        else LastResult(row["last_at"], row["last_status"], row["last_duration_s"] or 0.0),
        template=row["template"],
        pace=pace.stored(row["pace"]),
        sealed_headers=row["headers"],
        sealed_settings=row["settings"],
        sealed_secrets=row["secrets"],
    )


def add(box: SecretBox, new: NewHook, now: float) -> Hook:
    hook_id = new_id("hook")
    # The routing version comes first: its row lock also keeps two new hooks from taking one number.
    routing_version = routing.next_version(new.project_id)
    last = (
        models.Hook.select(models.Hook.number)
        .where(models.Hook.project_id == new.project_id)
        .order_by(models.Hook.number.desc())
        .limit(1)
        .scalar()
    )
    models.Hook.create(
        id=hook_id,
        number=(last or 0) + 1,
        project_id=new.project_id,
        target_url=new.target_url,
        events=json.dumps(new.events),
        filter_rows=None if new.filter is None else new.filter.json,
        name=new.name,
        format=new.format,
        verify_ssl=new.verify_ssl,
        manual_edit=new.manual_edit,
        handshake=new.handshake,
        headers=sealed_headers(box, hook_id, new.headers),
        secrets=sealed_secrets(box, hook_id, _only(new.secret)),
        template=new.template,
        settings=sealed_settings(box, hook_id, new.settings),
        pace=new.pace.json,
        origin_kind=new.origin_kind,
        origin_app=new.origin_app,
        created_by=new.created_by,
        created_at=now,
        updated_at=now,
        state="active" if new.enabled else "disabled",
        disabled_at=None if new.enabled else now,
        disabled_reason=None if new.enabled else f"made switched off by {new.created_by}",
        routing=routing_version,
    )
    made = get(hook_id)
    assert made is not None, "it was written in this transaction"
    return made


def update(box: SecretBox, hook: Hook, change: HookChange, now: float) -> Hook:
    """Set the fields that are given, but for `enabled`: see `switch`. The row must be locked.

    A new secret replaces all; use `rotate` for an overlap.
    """
    columns = change.given()
    columns.pop("enabled", None)
    if change.events is not UNSET:
        columns["events"] = json.dumps(change.events)
    if change.filter is not UNSET:
        assert not isinstance(change.filter, Unreadable), "the fields have been checked"
        only_if = columns.pop("filter")
        columns["filter_rows"] = only_if and only_if.json
    if changed := {name: columns.pop(name) for name in PACE_FIELDS if name in columns}:
        columns["pace"] = replace(hook.pace, **changed).json
        if changed.get("ordering") == "fifo":
            _put_in_order(hook.id)
        if "digest" in changed:
            columns |= {"ready_at": now, "gathers_until": None}  # it may wait for the end of another window
    if columns.keys() & {"events", "filter_rows"} or changed.keys() & {"delay_s", "ordering"}:
        columns["routing"] = routing.next_version(hook.project_id)
    if change.headers is not UNSET:
        columns["headers"] = sealed_headers(box, hook.id, change.headers)
    if change.settings is not UNSET:
        columns["settings"] = sealed_settings(box, hook.id, change.settings)
    if change.secret is not UNSET:
        columns["secrets"] = sealed_secrets(box, hook.id, _only(columns.pop("secret")))
    return _updated(hook, columns, now)


def give_to_page(hook: Hook, now: float) -> Hook:
    """Make it a hook of the web page, whoever made it. The row must be locked."""
    return _updated(hook, {"origin_kind": "page", "origin_app": None}, now)


def rotate(box: SecretBox, hook: Hook, secret: str, overlap_s: float, now: float) -> Hook:
    """Give a hook a new secret; the ones it has go on signing until `overlap_s` from now. Those that were
    sealed with another key sign nothing any more and are dropped. The row must be locked.
    """
    end = now + overlap_s
    try:
        before = opened_secrets(box, hook.id, hook.sealed_secrets) if overlap_s > 0 else ()
    except SecretUnreadable:
        before = ()
    kept = [(old, min(end, until or end)) for old, until in before if until is None or until > now]
    secrets = ((secret, None), *kept)[:SECRETS_MAX]
    return _updated(hook, {"secrets": sealed_secrets(box, hook.id, secrets)}, now)


def switch(database: Database, hook: Hook, after: Health, now: float) -> Hook:
    """Write the health that switching a hook on or off leads to, and let its deliveries go or stay. The row
    must be locked.
    """
    was_routed, is_routed = hook.state in ROUTED, after.state in ROUTED
    version = {} if was_routed == is_routed else {"routing": routing.next_version(hook.project_id)}
    lanes.set_health(hook.id, after, updated_at=now, **version)
    lanes.arm(database, [hook.id], now)
    return get(hook.id) or hook


def delete(hook: Hook, now: float) -> bool:
    """Mark a hook deleted; its log stays until retention. False when it was deleted before."""
    table = models.Hook
    end = _deleted(hook.project_id, now)
    notices.close_subject(hook.id, now)
    return bool(table.update(end).where(table.id == hook.id, table.deleted_at.is_null()).execute())


def delete_all(project_id: int, now: float) -> None:
    """The same for all hooks of a project."""
    end = _deleted(project_id, now)
    table = models.Hook
    table.update(end).where(table.project_id == project_id, table.deleted_at.is_null()).execute()


def _deleted(project_id: int, now: float) -> dict[str, Any]:
    return {
        "deleted_at": now,
        "state": "gone",
        "disabled_at": now,
        "ready_at": None,
        "open_until": None,
        "routing": routing.next_version(project_id),
    }


def get(hook_id: str) -> Hook | None:
    return _first(models.Hook.select().where(models.Hook.id == hook_id))


def by_number(project_id: int, number: int) -> Hook | None:
    return _first(
        models.Hook.select().where(models.Hook.project_id == project_id, models.Hook.number == number)
    )


def locked(database: Database, hook_id: str) -> Hook | None:
    """A hook that is not deleted, its row locked until the transaction ends."""
    found = _first(database.for_update(models.Hook.select().where(models.Hook.id == hook_id)))
    return None if found is None or found.deleted_at else found


def find(
    project_id: int,
    *,
    origin_kind: str | None = None,
    origin_app: str | None = None,
    target_url: str | None = None,
    state: str | None = None,
    before: str | None = None,
    limit: int = 200,
) -> list[Hook]:
    """Newest first; gone hooks only when asked for; of one origin or app when that is given."""
    Row = models.Hook
    query = (
        Row.select()
        .where(Row.project_id == project_id, Row.deleted_at.is_null())
        .order_by(Row.id.desc())
        .limit(limit)
    )
    query = query.where(Row.state == state) if state else query.where(Row.state != "gone")
    if origin_kind:
        query = query.where(Row.origin_kind == origin_kind)
    if origin_app:
        query = query.where(Row.origin_app == origin_app)
    if target_url is not None:
        query = query.where(Row.target_url == target_url)
    if before:
        query = query.where(Row.id < before)
    rows: Any = query.dicts()
    return [hook_of(row) for row in rows]


def named(project_id: int, hook_ids: Collection[str]) -> dict[str, Hook]:
    """Those of these hooks that there are in the project, by their id, in one query."""
    Row = models.Hook
    query = Row.select().where(
        Row.id.in_(list(hook_ids)), Row.project_id == project_id, Row.deleted_at.is_null()
    )
    rows: Any = query.dicts()
    return {str(row["id"]): hook_of(row) for row in rows}


def _put_in_order(hook_id: str) -> None:
    """What is open keeps its place: behind what was numbered before, in front of what will be."""
    table, row = models.Delivery, models.Hook
    last = row.select(row.last_seq).where(row.id == hook_id)
    is_open = table.state.in_(("waiting", "retrying", "sending"))
    table.update(seq=last).where(table.hook_id == hook_id, is_open, table.seq.is_null()).execute()


def _only(secret: str | None) -> Secrets:
    return ((secret, None),) if secret else ()


def _first(query: Any) -> Hook | None:
    row = query.dicts().first()
    return None if row is None else hook_of(row)


def _updated(hook: Hook, columns: Mapping[str, Any], now: float) -> Hook:
    values = {**columns, "updated_at": now, "version": models.Hook.version + 1}
    models.Hook.update(values).where(models.Hook.id == hook.id).execute()
    return get(hook.id) or hook
