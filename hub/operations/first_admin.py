"""The first administrator: named in the environment, or made through a link that works once.

Owns that link: only the SHA-256 of its token is kept, a new start with still nobody there replaces it, and it
is over once it was used, a day has passed, or somebody exists. It must never make a second administrator.
Step before: `serve` starts. Step after: the set-up page.
"""

import hashlib
import hmac
import secrets
from typing import Literal

from hub.errors import Expired, Forbidden
from hub.operations.users import add
from hub.rules.access import Requester
from hub.store import settings, users
from hub.store.database import Database
from hub.store.users import User

NOTE = "setup"
LINK_LIFE_S = 86_400.0

LinkState = Literal["open", "wrong", "over"]


def add_given(database: Database, name: str, password: str) -> bool:
    """Make the administrator that the environment names, unless there is somebody already."""
    password_hash = users.hashed(password)

    def write() -> bool:
        if users.has_any():
            return False
        _add(database, name, password_hash, Requester("environment"))
        return True

    return database.write(write).result()


def new_link_token(database: Database) -> str | None:
    """The token of a new set-up link, which ends the one before it; None when there is somebody already."""
    token = secrets.token_urlsafe(32)

    def write() -> str | None:
        if users.has_any():
            return None
        settings.put(f"_{NOTE}", {"digest": _digest(token), "expires_at": database.clock.now() + LINK_LIFE_S})
        return token

    return database.write(write).result()


def link_state(database: Database, token: str) -> LinkState:
    """What opening the link would find. It belongs into a `read` or a transaction."""
    note = settings.note(NOTE)
    if note is None or users.has_any() or note["expires_at"] <= database.clock.now():
        return "over"
    return "open" if hmac.compare_digest(note["digest"], _digest(token)) else "wrong"


def redeem(database: Database, token: str, name: str, password: str, address: str | None) -> User:
    """Make the first administrator and end the link.

    Raises:
        Problem: 403 another token, 410 the link is over.
    """
    password_hash = users.hashed(password)

    def write() -> User:
        state = link_state(database, token)
        if state == "wrong":
            raise Forbidden("this is not the set-up link that the hub printed last", title="Not this link")
        if state == "over" or not settings.take_note(NOTE):
            raise Expired("this set-up link has been used, or it is older than a day", title="Link used up")
        return _add(database, name, password_hash, Requester(name, address=address))

    return database.write(write).result()


def _add(database: Database, name: str, password_hash: str, by: Requester) -> User:
    made = add(by, name, password_hash, True, database.clock.now())
    settings.take_note(NOTE)
    return made


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
