"""Sessions: signing in and out, where one is signed in, and whom a browser stands for.

Owns the transactions. A wrong name and a wrong password get the same answer in the same time. Step before: a
door has found the secret that a browser holds; step after: an operation judges the `Requester`.
"""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.errors import Invalid, NotFound, StoreUnavailable
from hub.operations import sign_in_tries
from hub.rules import sign_in
from hub.rules.access import Requester, person
from hub.rules.health import NEEDING_ATTENTION
from hub.rules.people import PASSWORD_MAX
from hub.store import audit, hook_lists, projects, sessions, users
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
        keys = sign_in_tries.count(self._database, name, address)
        user = self._database.read(lambda: users.check_password(name, password[: PASSWORD_MAX + 1]))
        if user is None or user.is_disabled:
            raise Invalid([("password", WRONG)])

        def write() -> str:
            sign_in_tries.was_right(keys)
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
            if session is None or user is None or user.is_disabled:
                return None
            return SignedIn(user, session)

        found = self._database.read(read)
        if found is not None and now >= found.session.seen_at + sign_in.SEEN_EVERY_S:
            session = found.session
            # A full disk must not keep people from looking at what is wrong.
            with contextlib.suppress(StoreUnavailable):
                self._database.write(lambda: sessions.touch(session, now)).result()
        return found

    def project_of(self, who: SignedIn, key: str) -> tuple[Project | None, int]:
        """The project of this key and how many of its hooks need attention; None when this person has no role
        in it.
        """

        def read() -> tuple[Project | None, int]:
            project = projects.by_key(key) if who.user.is_admin or key in who.user.roles else None
            states = hook_lists.states([project.id])[project.id] if project is not None else {}
            return project, sum(states.get(state, 0) for state in NEEDING_ATTENTION)

        return self._database.read(read)

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
        if still is None or still.is_disabled:
            raise Invalid([("password", WRONG)])

        old = sessions.by_secret(old_secret, now) if old_secret else None
        if old is not None:
            sessions.end(old)
        sessions.touch(sessions.add(user, secret, address, agent, now), now)
        audit.add(now, Requester(user.name, is_person=True, address=address), "user.signed_in", user.name)
        return secret


def requester_of(user: User, project: Project | None, address: str | None) -> Requester:
    """A person who is signed in, as their role in this project lets them act there."""
    role = user.roles.get(project.key) if project is not None else None
    project_id = project.id if project is not None else None
    found = person(user.name, role, is_admin=user.is_admin, project_id=project_id)
    return replace(found, address=address)


def new_secret() -> str:
    return secrets.token_urlsafe(32)
