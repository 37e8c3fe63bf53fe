"""Hooks: made, changed, switched, ended, listed; and how each is sent to.

Owns a hook's configuration and the project's routing version. It must never give out a secret except to the
sender (`targets`) and never decide who may do what: `rules.access` does, before. Every changing function runs
inside its caller's transaction.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.ids import new_id
from hub.rules import health
from hub.rules.health import ROUTED, Health
from hub.rules.matching import RoutingTable, matches
from hub.store import lanes
from hub.store.database import Database
from hub.store.models import Hook, Project
from hub.store.secrets import SecretBox


@dataclass(slots=True)
class NewHook:
    """What a hook is made of; checked by the caller."""

    project_id: int
    target_url: str
    events: list[str]
    format: str
    origin_kind: str
    created_by: str
    origin_app: str | None = None
    name: str = ""
    enabled: bool = True
    verify_ssl: bool = True
    manual_edit: bool = False
    handshake: str | None = None
    secret: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """How to send to a hook, opened: for a sender's memory only."""

    hook_id: str
    version: int
    project_key: str
    url: str
    format: str
    verify_ssl: bool
    headers: dict[str, str]
    handshake: str | None
    secrets: tuple[tuple[str, float | None], ...]
    """(secret, until when), newest first; None = no end."""

    def live_secrets(self, now: float) -> list[str]:
        return [secret for secret, until in self.secrets if until is None or until > now]


def add(box: SecretBox, new: NewHook, now: float) -> Hook:
    hook_id = new_id("hook")
    routing = _next_routing(
        new.project_id
    )  # first: its row lock also keeps two new hooks from taking one number
    last = (
        Hook.select(Hook.number)
        .where(Hook.project_id == new.project_id)
        .order_by(Hook.number.desc())
        .limit(1)
        .scalar()
    )
    made: Hook = Hook.create(
        id=hook_id,
        number=(last or 0) + 1,
        project_id=new.project_id,
        target_url=new.target_url,
        events=json.dumps(new.events),
        name=new.name,
        format=new.format,
        verify_ssl=new.verify_ssl,
        manual_edit=new.manual_edit,
        handshake=new.handshake,
        headers=_sealed_headers(box, hook_id, new.headers),
        secrets=_sealed_secrets(box, hook_id, [(new.secret, None)] if new.secret else []),
        origin_kind=new.origin_kind,
        origin_app=new.origin_app,
        created_by=new.created_by,
        created_at=now,
        updated_at=now,
        state="active" if new.enabled else "disabled",
        disabled_at=None if new.enabled else now,
        disabled_reason=None if new.enabled else f"made switched off by {new.created_by}",
        routing=routing,
    )
    return made


def change(database: Database, box: SecretBox, hook: Hook, values: dict[str, Any], now: float) -> Hook:
    """Set configuration fields: target_url, events, name, format, verify_ssl, manual_edit, headers, secret,
    handshake, origin_*.

    `secret` None removes it; a new one replaces all (use `rotate` for an overlap). The row must be locked.
    """
    columns = dict(values)
    if "events" in columns:
        columns["events"] = json.dumps(columns["events"])
        columns["routing"] = _next_routing(hook.project_id)
    if "headers" in columns:
        columns["headers"] = _sealed_headers(box, str(hook.id), columns["headers"])
    if "secret" in columns:
        secret = columns.pop("secret")
        columns["secrets"] = _sealed_secrets(box, str(hook.id), [(secret, None)] if secret else [])
    Hook.update({**columns, "updated_at": now, "version": Hook.version + 1}).where(
        Hook.id == hook.id
    ).execute()
    return get(str(hook.id)) or hook


def rotate(box: SecretBox, hook: Hook, secret: str, overlap_s: float, now: float) -> Hook:
    """Give a hook a new secret; the ones it has go on signing until `overlap_s` from now."""
    end = now + overlap_s
    kept = [
        (old, min(end, until or end))
        for old, until in secrets_of(box, hook)
        if (until is None or until > now) and overlap_s > 0
    ]
    sealed = _sealed_secrets(box, str(hook.id), [(secret, None), *kept])
    Hook.update(secrets=sealed, updated_at=now, version=Hook.version + 1).where(Hook.id == hook.id).execute()
    return get(str(hook.id)) or hook


def switch(database: Database, hook: Hook, after: Health, now: float) -> Hook:
    """Write the health that switching a hook on or off leads to, and let its deliveries go or stay. The row
    must be locked.
    """
    routing = (
        {}
        if (hook.state in ROUTED) == (after.state in ROUTED)
        else {"routing": _next_routing(hook.project_id)}
    )
    lanes.set_health(hook, after, updated_at=now, **routing)
    lanes.arm(database, [str(hook.id)], now)
    return get(str(hook.id)) or hook


def end_routing(hook_ids: Iterable[str], project_id: int) -> None:
    """After an outcome ended subscriptions: no more deliveries for them."""
    Hook.update(routing=_next_routing(project_id)).where(Hook.id.in_(list(hook_ids))).execute()


def delete(hook: Hook, now: float) -> bool:
    """Mark a hook deleted; its log stays until retention. False when it was deleted before."""
    changed = (
        Hook.update(
            deleted_at=now,
            state="gone",
            disabled_at=now,
            ready_at=None,
            gate_at=None,
            routing=_next_routing(hook.project_id),
        )
        .where(Hook.id == hook.id, Hook.deleted_at.is_null())
        .execute()
    )
    return bool(changed)


def get(hook_id: str) -> Hook | None:
    found: Hook | None = Hook.get_or_none(Hook.id == hook_id)
    return found


def by_number(project_id: int, number: int) -> Hook | None:
    found: Hook | None = Hook.get_or_none((Hook.project_id == project_id) & (Hook.number == number))
    return found


def locked(database: Database, hook_id: str) -> Hook | None:
    """A hook that is not deleted, its row locked until the transaction ends."""
    hook: Hook | None = database.for_update(Hook.select().where(Hook.id == hook_id)).first()
    return None if hook is None or hook.deleted_at else hook


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
    query = (
        Hook.select()
        .where(Hook.project_id == project_id, Hook.deleted_at.is_null())
        .order_by(Hook.id.desc())
        .limit(limit)
    )
    query = query.where(Hook.state == state) if state else query.where(Hook.state != "gone")
    if origin_kind:
        query = query.where(Hook.origin_kind == origin_kind)
    if origin_app:
        query = query.where(Hook.origin_app == origin_app)
    if target_url is not None:
        query = query.where(Hook.target_url == target_url)
    if before:
        query = query.where(Hook.id < before)
    return list(query)


def count(project_id: int) -> int:
    return int(
        Hook.select()
        .where(Hook.project_id == project_id, Hook.deleted_at.is_null(), Hook.state != "gone")
        .count()
    )


def refresh(table: RoutingTable, project_id: int) -> None:
    """Bring a routing table up to the project's version, reading only the hooks that have changed since."""
    version = int(Project.select(Project.routing_version).where(Project.id == project_id).scalar() or 0)
    if version == table.version:
        return
    columns = (Hook.id, Hook.events, Hook.state, Hook.deleted_at)
    for hook in Hook.select(*columns).where(Hook.project_id == project_id, Hook.routing > table.version):
        is_routed = hook.state in ROUTED and hook.deleted_at is None
        table.put(str(hook.id), json.loads(hook.events) if is_routed else ())
    table.version = version


def wanting_own(project_id: int, event_type: str, about_hook_id: str) -> list[str]:
    """The hooks that want one of the hub's own events about a hook, as this transaction sees them; oldest
    first.

    Not the hook itself, and no other app's: an app must not learn of another's hooks (contract §5).
    """
    about = get(about_hook_id)
    app = about.origin_app if about is not None else None
    named = Hook.select(Hook.id, Hook.events).where(
        Hook.project_id == project_id, Hook.events.contains('"hook.')
    )
    may_know = (Hook.origin_kind != "app") | (Hook.origin_app == app)
    rows = named.where(
        Hook.state.in_(ROUTED), Hook.deleted_at.is_null(), Hook.id != about_hook_id, may_know
    ).order_by(Hook.id)
    return [
        str(hook.id)
        for hook in rows
        if any(matches(pattern, event_type) for pattern in json.loads(hook.events))
    ]


def targets(box: SecretBox, hook_ids: Sequence[str]) -> dict[str, Target | Exception]:
    """How to send to these hooks; an exception in place of one whose row cannot be read."""
    rows = list(Hook.select().where(Hook.id.in_(hook_ids)))
    keys = {
        p.id: str(p.key)
        for p in Project.select(Project.id, Project.key).where(
            Project.id.in_({hook.project_id for hook in rows})
        )
    }
    found: dict[str, Target | Exception] = {}
    for hook in rows:
        try:
            found[str(hook.id)] = target_of(box, hook, keys[hook.project_id])
        except Exception as error:  # one unreadable row must not stop the others
            found[str(hook.id)] = error
    return found


def target_of(box: SecretBox, hook: Hook, project_key: str) -> Target:
    """Raises: SecretUnreadable."""
    return Target(
        hook_id=str(hook.id),
        version=hook.version,
        project_key=project_key,
        url=str(hook.target_url),
        format=str(hook.format),
        verify_ssl=bool(hook.verify_ssl),
        headers=headers_of(box, hook),
        handshake=hook.handshake,
        secrets=tuple(secrets_of(box, hook)),
    )


def headers_of(box: SecretBox, hook: Hook) -> dict[str, str]:
    return dict(json.loads(box.open(str(hook.id), "headers", str(hook.headers)))) if hook.headers else {}


def secrets_of(box: SecretBox, hook: Hook) -> list[tuple[str, float | None]]:
    return (
        [(s, until) for s, until in json.loads(box.open(str(hook.id), "secrets", str(hook.secrets)))]
        if hook.secrets
        else []
    )


def next_attempt_at(hook: Hook, first_retry_at: float | None) -> float | None:
    """When a failing hook is tried next, as far as that is known: not before its gate, nor before something
    is due.
    """
    if hook.state != "failing":
        return None
    times = [at for at in (hook.gate_at, first_retry_at) if at is not None]
    return max(times, default=None)


def enabled(hook: Hook) -> Health:
    return health.enabled(lanes.health_of(hook))


def disabled(hook: Hook, reason: str, now: float) -> Health:
    return health.disabled(lanes.health_of(hook), reason, now)


def _next_routing(project_id: int) -> int:
    """Raise the project's routing version; the row lock puts concurrent changes in order."""
    rows = (
        Project.update(routing_version=Project.routing_version + 1)
        .where(Project.id == project_id)
        .returning(Project.routing_version)
        .execute()
    )
    return int(next(iter(rows)).routing_version)


def _sealed_headers(box: SecretBox, hook_id: str, headers: dict[str, str]) -> str | None:
    return box.seal(hook_id, "headers", json.dumps(headers)) if headers else None


def _sealed_secrets(box: SecretBox, hook_id: str, secrets: list[tuple[str, float | None]]) -> str | None:
    return box.seal(hook_id, "secrets", json.dumps(secrets)) if secrets else None
