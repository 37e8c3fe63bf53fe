"""Users, their roles, and tokens.

Owns who there is. Passwords are argon2 hashes, tokens SHA-256 digests: neither can be read back. It must
never decide what somebody may do (`rules.access` does), and never log a token.
"""

import hashlib
import json
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.ids import new_id
from hub.store.models import Membership, Project, Token, User

TOKEN_PREFIX = "hub_"
"""Makes a leaked token easy to find by a scanner."""

_hasher = PasswordHasher()
_hashing = threading.Semaphore(2)
"""Each hash takes 64 MiB: a flood of logins must not take all memory."""
_DUMMY_HASH = _hasher.hash(secrets.token_hex(16))
"""Checked for unknown users, so that they take as long as known ones."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a token stands for."""

    token_id: str
    name: str
    scopes: frozenset[str]
    app: str | None
    project_id: int | None


def hashed(password: str) -> str:
    """What is kept of a password. Takes a tenth of a second: never call it inside a transaction, publishers
    would wait for it.
    """
    with _hashing:
        return _hasher.hash(password)


def add_user(name: str, password_hash: str | None, is_admin: bool, now: float) -> User:
    """Without a password hash the user cannot sign in yet."""
    made: User = User.create(name=name, password_hash=password_hash, is_admin=is_admin, created_at=now)
    return made


def user(name: str) -> User | None:
    found: User | None = User.get_or_none(User.name == name)
    return found


def users(before: str | None = None, limit: int = 200) -> list[User]:
    query = User.select().order_by(User.id.desc()).limit(limit)
    if before and (last := user(before)):
        query = query.where(User.id < last.id)
    return list(query)


def has_users() -> bool:
    return bool(User.select().exists())


def set_password(who: User, password_hash: str) -> None:
    User.update(password_hash=password_hash).where(User.id == who.id).execute()


def check_password(name: str, password: str) -> User | None:
    """The user, if the password is theirs; it takes the same time when there is no such user."""
    who = user(name)
    with _hashing:
        try:
            _hasher.verify(str(who.password_hash) if who and who.password_hash else _DUMMY_HASH, password)
        except (VerificationError, InvalidHashError):
            return None
    return who


def set_role(who: User, project: Project, role: str) -> None:
    Membership.insert(user=who, project=project, role=role).on_conflict(
        conflict_target=[Membership.user, Membership.project], update={Membership.role: role}
    ).execute()


def roles(who: User) -> dict[str, str]:
    """Project key → role."""
    return {
        str(row.project.key): str(row.role)
        for row in Membership.select(Membership, Project).join(Project).where(Membership.user == who)
    }


def add_token(
    *,
    name: str,
    scopes: Sequence[str],
    project_id: int | None,
    app: str | None,
    created_by: str,
    now: float,
    expires_at: float | None = None,
) -> tuple[Token, str]:
    """The row and the token itself, which is nowhere kept."""
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    made: Token = Token.create(
        id=new_id("tok"),
        digest=_digest(text),
        ending=text[-4:],
        name=name,
        project=project_id,
        app=app,
        scopes=json.dumps(sorted(set(scopes))),
        created_by=created_by,
        created_at=now,
        expires_at=expires_at,
    )
    return made, text


def caller(token: str, now: float) -> Caller | None:
    """Whom a token stands for; None when it is unknown, revoked or expired."""
    row = Token.get_or_none(Token.digest == _digest(token))
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    return Caller(
        str(row.id),
        str(row.name),
        frozenset(json.loads(row.scopes)),
        row.app,
        None if row.project is None else int(row.project.id),
    )


def touch(token_id: str, now: float) -> None:
    """Note that a token was used."""
    Token.update(last_used_at=now).where(Token.id == token_id).execute()


def tokens(project_id: int | None, before: str | None, limit: int) -> list[Token]:
    """Newest first; of all projects when `project_id` is None."""
    query = Token.select().order_by(Token.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(Token.project == project_id)
    if before:
        query = query.where(Token.id < before)
    return list(query)


def token(token_id: str) -> Token | None:
    found: Token | None = Token.get_or_none(Token.id == token_id)
    return found


def revoke(token_id: str, now: float) -> bool:
    return bool(
        Token.update(revoked_at=now).where(Token.id == token_id, Token.revoked_at.is_null()).execute()
    )


def scopes_of(row: Any) -> list[str]:
    return list(json.loads(row.scopes))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
