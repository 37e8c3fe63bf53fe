"""Sessions: signing in and out, and where one is signed in.

Owns the back-off after wrong passwords, in the database, so that all processes agree: each try is counted before its
password is looked at, so that many at once are no way around it, and is taken back when it was right. Nothing tells
whether a name is known. Step before: a door has found the secret that a browser holds; step after: an operation judges
the `Requester`.
"""

import hashlib
import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.errors import Busy, Invalid, NotFound
from hub.rules import sign_in
from hub.rules.access import Requester, person
from hub.rules.people import PASSWORD_MAX
from hub.store import audit, hooks, projects, sessions, sign_in_tries, users
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.sessions import Session
from hub.store.users import User

WRONG = "name and password do not belong together"


@dataclass(frozen=True, slots=True)
class SignedIn:
    user: User
    session: Session


class Sessions:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sign_in(self, name: str, password: str, address: str | None, agent: str, old_secret: str = "") -> str:
        """The secret of a new session, for the browser to hold; the one that it held is over.

        Raises: Invalid: name and password do not belong together, Busy: too many were wrong before.
        """
        keys = self._count_try(name, address)
        user = self._database.read(lambda: users.check_password(name, password[: PASSWORD_MAX + 1]))
        if user is None or user.disabled_at is not None:
            raise Invalid([("password", WRONG)])

        def write() -> str:
            sign_in_tries.forget(keys[0])
            for key in keys[1:]:
                sign_in_tries.take_back(key)
            return self._begin(user, address, agent, old_secret)

        return self._database.write(write).result()

    def begin(self, user: User, address: str | None, agent: str, old_secret: str = "") -> str:
        """The same for somebody who has just proved otherwise who they are."""
        return self._database.write(lambda: self._begin(user, address, agent, old_secret)).result()

    def find(self, secret: str) -> SignedIn | None:
        """Whoever is signed in with the browser that holds this."""
        now = self._database.clock.now()

        def read() -> SignedIn | None:
            session = sessions.by_secret(secret, now) if secret else None
            user = users.by_id(session.user_id) if session is not None else None
            if session is None or user is None or user.disabled_at is not None:
                return None
            return SignedIn(user, session)

        found = self._database.read(read)
        if found is not None and now >= found.session.seen_at + sign_in.SEEN_EVERY_S:
            session = found.session
            self._database.write(lambda: sessions.touch(session, now))
        return found

    def project_of(self, who: SignedIn, key: str) -> tuple[Project | None, int]:
        """The project of this key and how many of its hooks need attention; None when this person has no role in it."""

        def read() -> tuple[Project | None, int]:
            project = projects.by_key(key) if who.user.is_admin or key in who.user.roles else None
            return project, hooks.count_needing_attention(project.id) if project is not None else 0

        return self._database.read(read)

    def projects_of(self, who: SignedIn) -> tuple[Project, ...]:
        """Those in which this person has a role; for an administrator all."""
        return self._database.read(
            lambda: projects.find() if who.user.is_admin else projects.by_keys(tuple(who.user.roles))
        )

    def whom_to_ask(self, project: Project | None) -> tuple[Sequence[User], Sequence[User]]:
        """Administrators, and those who manage this project: for whoever may not do something."""

        def read() -> tuple[Sequence[User], Sequence[User]]:
            managers = users.managers_of(project) if project is not None else ()
            return users.administrators(), managers

        return self._database.read(read)

    def sign_out(self, who: SignedIn) -> None:
        self._database.write(lambda: sessions.end(who.session)).result()

    def list(self, who: SignedIn) -> tuple[Session, ...]:
        """Where this person is signed in, the last used first."""
        now = self._database.clock.now()
        return self._database.read(lambda: sessions.of_user(who.user, now))

    def revoke(self, who: SignedIn, session_id: str) -> None:
        """End one of one's own. Raises: NotFound."""

        def write() -> None:
            if not sessions.end_of_user(who.user, session_id):
                raise NotFound("this session is over already", title="No such session")

        self._database.write(write).result()

    def revoke_others(self, who: SignedIn) -> int:
        """End all of one's own but this one; returns how many there were."""
        return self._database.write(lambda: sessions.end_all(who.user, but=who.session.id)).result()

    def _begin(self, user: User, address: str | None, agent: str, old_secret: str) -> str:
        now = self._database.clock.now()
        secret = new_secret()
        still = users.by_id(user.id)
        if still is None or still.disabled_at is not None:
            raise Invalid([("password", WRONG)])

        old = sessions.by_secret(old_secret, now) if old_secret else None
        if old is not None:
            sessions.end(old)
        sessions.touch(sessions.add(user, secret, address, agent, now), now)
        audit.add(now, Requester(user.name, is_person=True, address=address), "user.signed_in", user.name)
        return secret

    def _count_try(self, name: str, address: str | None) -> Sequence[str]:
        """Count a try as failed; returns the keys that it was counted under, the account's first. Raises: Busy."""

        def write() -> tuple[list[str], float]:
            now = self._database.clock.now()
            user = users.by_name(name)
            # An account that somebody attacks from elsewhere stays open where its owner is known.
            is_known_here = user is not None and sessions.has_been_at(user, address)
            keys = [_account_key(name, address if is_known_here else None), _address_key(address)]
            limits = {keys[0]: sign_in.TRIES_OF_ACCOUNT, keys[1]: sign_in.TRIES_OF_ADDRESS}
            found = sign_in_tries.locked(self._database, keys)
            counts = {key: sign_in.failures_now(*found[key], now) for key in keys}
            wait_s = max(found[key][1] + sign_in.wait_s(counts[key], limits[key]) - now for key in keys)
            if wait_s <= 0:
                for key in keys:
                    sign_in_tries.put(key, counts[key] + 1, now)
            return keys, wait_s

        keys, wait_s = self._database.write(write).result()
        if wait_s > 0:
            seconds = int(wait_s) + 1
            raise Busy(
                f"after too many wrong tries, signing in waits for {seconds} s",
                retry_after_s=seconds,
                title="Wait",
            )
        return keys


def requester_of(user: User, project: Project | None, address: str | None) -> Requester:
    """A person who is signed in, as their role in this project lets them act there."""
    role = user.roles.get(project.key) if project is not None else None
    project_id = project.id if project is not None else None
    found = person(user.name, role, is_admin=user.is_admin, project_id=project_id)
    return replace(found, address=address)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def _account_key(name: str, address: str | None) -> str:
    text = name.strip().casefold() if address is None else f"{name.strip().casefold()}\n{address}"
    return f"account {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _address_key(address: str | None) -> str:
    """Of IPv6 the network: whoever has one address there has all of them (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return f"address {(address or '')[:60]}"
    return f"address {ipaddress.ip_network(f'{parsed}/64', strict=False) if parsed.version == 6 else parsed}"
