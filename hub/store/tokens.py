"""Tokens: the credentials of programs.

Owns their table. Of a token only its SHA-256 and its last four characters are kept: it has 256 random bits,
so no slow hash is needed, and nothing that is kept stands for it. What a token may do is judged by
`rules.access`.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import peewee

from hub.ids import new_id
from hub.rules.access import SCOPES, Scope
from hub.store import models

PREFIX = "hub_"
"""Makes a leaked token easy to find by a scanner."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the token itself is shown once, when it is made."""

    id: str
    name: str
    ending: str
    scopes: tuple[Scope, ...]
    project_id: int | None
    """None: it is server-wide."""
    project_key: str | None
    app: str | None
    """The connector it belongs to."""
    created_by: str
    created_at: float
    last_used_at: float | None = None
    expires_at: float | None = None
    revoked_at: float | None = None

    def is_over(self, now: float) -> bool:
        """Revoked or expired."""
        return self.revoked_at is not None or (self.expires_at is not None and self.expires_at <= now)


def add(
    *,
    name: str,
    scopes: Sequence[Scope],
    project_id: int | None,
    app: str | None,
    created_by: str,
    now: float,
    expires_at: float | None = None,
) -> tuple[Token, str]:
    """What is known of the new token, and the token itself, which is nowhere kept."""
    text = PREFIX + secrets.token_urlsafe(32)
    row = models.Token.create(
        id=new_id("tok"),
        digest=digest(text),
        ending=text[-4:],
        name=name,
        project=project_id,
        app=app,
        scopes=json.dumps([scope for scope in SCOPES if scope in scopes]),
        created_by=created_by,
        created_at=now,
        expires_at=expires_at,
    )
    made = by_id(row.id)
    assert made is not None
    return made, text


def digest(text: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def by_digests(digests: Collection[bytes]) -> dict[bytes, Token]:
    """Digest → the token that it is of, also when that is over."""
    rows = _select(models.Token.digest).where(models.Token.digest.in_(list(digests)))
    return {bytes(row.digest): _token(row) for row in rows.objects()}


def by_id(token_id: str) -> Token | None:
    return _found(models.Token.id == token_id)


def find(project_id: int | None = None, before: str | None = None, limit: int = 200) -> tuple[Token, ...]:
    """Newest first; of all projects when `project_id` is None; only those made before the token `before`."""
    query = _select().order_by(models.Token.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(models.Token.project == project_id)
    if before is not None:
        query = query.where(models.Token.id < before)
    return tuple(map(_token, query.objects()))


def touch(token_id: str, now: float) -> None:
    """Note that a token was used."""
    models.Token.update(last_used_at=now).where(models.Token.id == token_id).execute()


def revoke(token_id: str, now: float) -> bool:
    """True when this call ended it."""
    table = models.Token
    return bool(
        table.update(revoked_at=now).where(table.id == token_id, table.revoked_at.is_null()).execute()
    )


def _select(*more: Any) -> Any:
    return models.Token.select(models.Token, *more, models.Project.key.alias("project_key")).join(
        models.Project, peewee.JOIN.LEFT_OUTER
    )


def _found(condition: peewee.Expression) -> Token | None:
    row = _select().where(condition).objects().first()
    return None if row is None else _token(row)


def _token(row: Any) -> Token:
    return Token(
        row.id,
        row.name,
        row.ending,
        tuple(json.loads(row.scopes)),
        row.project_id,
        row.project_key,
        row.app,
        row.created_by,
        row.created_at,
        row.last_used_at,
        row.expires_at,
        row.revoked_at,
    )
