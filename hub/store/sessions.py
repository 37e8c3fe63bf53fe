"""Sessions: who is signed in with which browser.

Owns their table. What a browser holds is kept only as its SHA-256: it has 256 random bits, so no slow hash is
needed. How long a session lasts is judged by `rules.sign_in`.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from hub.ids import new_id
from hub.rules import sign_in
from hub.store import models
from hub.store.users import User

AGENT_MAX_CHARS = 300


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    """Names it; stands for nothing."""
    user_id: int
    created_at: float
    seen_at: float
    address: str | None
    """Where it was signed in from."""
    agent: str
    """What the browser calls itself."""


def add(user: User, secret: str, address: str | None, agent: str, now: float) -> Session:
    """`secret`: what the browser gets to hold."""
    row = models.Session.create(
        id=new_id("ses"),
        digest=_digest(secret),
        user=user.id,
        created_at=now,
        seen_at=now,
        address=address,
        agent=agent.replace("\0", "")[:AGENT_MAX_CHARS],
    )
    return _session(row)


def by_secret(secret: str, now: float) -> Session | None:
    """The session that a browser holds, unless it is over."""
    row = models.Session.get_or_none(models.Session.digest == _digest(secret))
    if row is None or sign_in.is_over(row.created_at, row.seen_at, now):
        return None
    return _session(row)


def of_user(user: User, now: float) -> tuple[Session, ...]:
    """Those that are not over, the last used first."""
    table = models.Session
    rows = table.select().where(table.user == user.id).order_by(table.seen_at.desc(), table.id.desc())
    return tuple(_session(row) for row in rows if not sign_in.is_over(row.created_at, row.seen_at, now))


def touch(session: Session, now: float) -> None:
    """Note that it was used."""
    models.Session.update(seen_at=now).where(models.Session.id == session.id).execute()
    models.User.update(seen_at=now).where(models.User.id == session.user_id).execute()


def end(session: Session) -> None:
    models.Session.delete().where(models.Session.id == session.id).execute()


def end_of_user(user: User, session_id: str) -> bool:
    """True when this call ended it."""
    table = models.Session
    return bool(table.delete().where(table.id == session_id, table.user == user.id).execute())


def end_all(user: User, but: str = "") -> int:
    """All of this user's, except the one of this id."""
    table = models.Session
    return int(table.delete().where(table.user == user.id, table.id != but).execute())


def has_been_at(user: User, address: str | None) -> bool:
    """True when somebody who is still signed in as this user came from this address."""
    table = models.Session
    return bool(table.select().where(table.user == user.id, table.address == address).exists())


def forget_over(now: float) -> None:
    """Delete what no longer counts."""
    table = models.Session
    is_old = (table.created_at <= now - sign_in.SESSION_LIFE_S) | (
        table.seen_at <= now - sign_in.SESSION_IDLE_S
    )
    table.delete().where(is_old).execute()


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _session(row: Any) -> Session:
    return Session(row.id, row.user_id, row.created_at, row.seen_at, row.address, row.agent)
