"""The first administrator: named in the environment, or made through a link that works once.

Owns that link. It is for a hub that no administrator can sign in to; users who cannot sign in or administer
nothing do not end it. Of its token only the SHA-256 is kept, and each start replaces it. Step before: `serve`
starts; step after: the set-up page.
"""

import hashlib
import hmac
import secrets

from hub.errors import Conflict, Expired, Forbidden, Invalid
from hub.operations.users import add, checked_name, checked_password, grant, set_password
from hub.rules.access import Requester
from hub.store import passwords, settings, users
from hub.store.database import Database
from hub.store.users import User

NOTE = "setup"
LINK_LIFE_S = 86_400.0
ENVIRONMENT = Requester("environment")


def add_given(database: Database, name: str, password: str) -> bool:
    """Make the administrator that the environment names, or make one of whoever is called so; False when
    somebody can administer already. Raises: Invalid.
    """
    if is_set_up(database):
        return False
    _check(name, password)
    password_hash = passwords.hashed(password)

    def write() -> bool:
        if _is_set_up():
            return False
        now = database.clock.now()
        found = users.by_name(name)
        if found is None:
            add(ENVIRONMENT, name, password_hash, True, now)
        else:
            grant(ENVIRONMENT, found, now, is_admin=True, is_disabled=False)
            set_password(ENVIRONMENT, found, password_hash, now)
        settings.take_note(NOTE)
        return True

    return database.write(write).result()


def new_link_token(database: Database) -> str | None:
    """The token of a new set-up link, which ends the one before it; None when somebody can administer
    already.
    """
    token = secrets.token_urlsafe(32)

    def write() -> str | None:
        if _is_set_up():
            return None
        settings.put(f"_{NOTE}", {"digest": _digest(token), "expires_at": database.clock.now() + LINK_LIFE_S})
        return token

    return database.write(write).result()


def check_link(database: Database, token: str) -> None:
    """Raises: Forbidden: another link, Expired: it is over, and why."""
    now = database.clock.now()
    database.read(lambda: _check_link(token, now))


def _check_link(token: str, now: float) -> None:
    """The same, inside a `read` or a transaction."""
    if _is_set_up():
        raise Expired("this hub has an administrator, so its set-up link is over: sign in", title="Link over")
    note = settings.note(NOTE)
    if note is None or not hmac.compare_digest(note["digest"], _digest(token)):
        raise Forbidden("this is not the set-up link that the hub printed last", title="Not this link")
    if note["expires_at"] <= now:
        raise Expired(
            "this set-up link is older than a day: restart the hub, which prints a new one",
            title="Link too old",
        )


def redeem(database: Database, token: str, name: str, password: str, address: str | None) -> User:
    """Make the first administrator and end the link. The name may be that of an administrator who never had a
    password. Raises: Forbidden, Expired, Invalid, Conflict: the name is somebody else's.
    """
    check_link(database, token)  # before a stranger makes us hash
    _check(name, password)
    password_hash = passwords.hashed(password)

    def write() -> User:
        by, now = Requester(name, address=address), database.clock.now()
        _check_link(token, now)
        settings.take_note(NOTE)
        found = users.by_name(name)
        if found is None:
            return add(by, name, password_hash, True, now)
        if not found.is_admin or found.has_password or found.is_disabled:
            raise Conflict(
                f"there is a user {name} already: choose another name", errors=[("name", "is taken")]
            )
        set_password(by, found, password_hash, now)
        return found

    return database.write(write).result()


def is_set_up(database: Database) -> bool:
    """An administrator can sign in."""
    return database.read(_is_set_up)


def _is_set_up() -> bool:
    return bool(users.administrators(limit=1))


def _check(name: str, password: str) -> None:
    if wrong := [*checked_name(name), *checked_password(password)]:
        raise Invalid(wrong)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
