"""Users: what administrators do with them, and a person with their own password.

Owns the checks, the audit entry and the transaction. Passwords are hashed before a transaction begins. Step
before: a door has authenticated the requester; step after: `store.users`.
"""

from hub.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from hub.operations import sign_in_tries
from hub.operations.projects import named
from hub.rules.access import Requester, Role, require
from hub.rules.people import PASSWORD_MAX, email_error, name_error, password_error
from hub.store import audit, passwords, sessions, users
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.users import User


class Users:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, requester: Requester, before: str | None = None, limit: int = 200) -> tuple[User, ...]:
        """Newest first; only those made before the one of this name."""
        require(requester, "admin")

        def read() -> tuple[User, ...]:
            last = None if before is None else users.by_name(before)
            if before is not None and last is None:
                raise Invalid([("before", f"there is no user {before}")])
            return users.find(last, limit)

        return self._database.read(read)

    def get(self, requester: Requester, name: str) -> User:
        """Raises: Forbidden, NotFound."""
        require(requester, "admin")
        return self._database.read(lambda: known(name))

    def by_id(self, requester: Requester, user_id: int) -> User:
        """Raises: Forbidden, NotFound."""
        require(requester, "admin")
        found = self._database.read(lambda: users.by_id(user_id))
        if found is None:
            raise NotFound("there is no such user", title="No such user")
        return found

    def create(
        self,
        requester: Requester,
        name: str,
        password: str | None = None,
        *,
        is_admin: bool = False,
        project_key: str | None = None,
        role: Role | None = None,
    ) -> User:
        """Without a password the user cannot sign in yet; `project_key` and `role` go together. Raises:
        Forbidden, Invalid, Conflict: the name is taken.
        """
        require(requester, "admin")
        wrong = [*checked_name(name), *checked_password(password), *_checked_role(project_key, role)]
        if wrong:
            raise Invalid(wrong)
        password_hash = passwords.hashed(password) if password is not None else None

        def write() -> User:
            project = named(project_key)
            made = add(requester, name, password_hash, is_admin, self._database.clock.now())
            if project is not None and role is not None:
                write_role(requester, project, made, role, self._database.clock.now())
            return known(name)

        return self._database.write(write).result()

    def update(
        self,
        requester: Requester,
        name: str,
        *,
        password: str | None = None,
        project_key: str | None = None,
        role: Role | None = None,
        is_admin: bool | None = None,
        is_disabled: bool | None = None,
        email: str | None = None,
    ) -> User:
        """Set a password, a role in a project, what they are on the server, or shut them out; what is None
        stays as it is, and an empty address is none. A new password and being shut out end their sessions.

        Raises: Forbidden, Invalid, NotFound, Conflict: there would be no administrator.
        """
        require(requester, "admin")
        wrong = [
            *checked_password(password),
            *_checked_role(project_key, role),
            *checked_email(email or None),
        ]
        if wrong:
            raise Invalid(wrong)
        password_hash = passwords.hashed(password) if password is not None else None

        def write() -> User:
            user, project, now = known(name), named(project_key), self._database.clock.now()
            if password_hash is not None:
                set_password(requester, user, password_hash, now)
            if project is not None and role is not None:
                write_role(requester, project, user, role, now)
            if email is not None and email != (user.email or ""):
                users.set_email(user, email or None)
                audit.add(now, requester, "user.email_set", name, fields={"email": None})
            grant(requester, user, now, is_admin=is_admin, is_disabled=is_disabled)
            after = known(name)
            self._check_administrator(user, after)
            return after

        return self._database.write(write).result()

    def delete(self, requester: Requester, name: str) -> None:
        """Their name stays in the audit log, and what they made stays as it is. Raises: Forbidden, NotFound,
        Conflict: there would be no administrator.
        """
        require(requester, "admin")

        def write() -> None:
            user = known(name)
            users.delete(user)
            audit.add(self._database.clock.now(), requester, "user.deleted", name)
            self._check_administrator(user, None)

        self._database.write(write).result()

    def change_own_password(
        self, requester: Requester, password: str, new: str, session_id: str = ""
    ) -> None:
        """A signed-in person's own, who proves it by the old one; it ends all their sessions but this one.

        Raises: Forbidden, Invalid, Busy: too many tries were wrong.
        """
        if not requester.is_person:
            raise Forbidden("a token has no password", title="Not a person")
        if wrong := checked_password(new):
            raise Invalid(wrong)
        tried = sign_in_tries.count(self._database, requester.name, requester.address)
        given = password[: PASSWORD_MAX + 1]
        if self._database.read(lambda: users.check_password(requester.name, given)) is None:
            raise Invalid([("current_password", "is not your password")])
        password_hash = passwords.hashed(new)

        def write() -> None:
            sign_in_tries.was_right(tried)
            user, now = known(requester.name), self._database.clock.now()
            set_password(requester, user, password_hash, now, but_session=session_id)

        self._database.write(write).result()

    def _check_administrator(self, before: User, after: User | None) -> None:
        """Inside a transaction, after a change of this user. Raises: Conflict: nobody could tune the server
        any more.
        """
        if not _rules(before) or _rules(after):
            return
        # Two administrators who remove each other at once: the second waits here and sees what the first has
        # done.
        if not users.has_administrator(self._database):
            raise Conflict(
                "this is the last administrator who can sign in: make another one first",
                title="The last administrator stays one",
            )


def _rules(user: User | None) -> bool:
    return user is not None and user.is_admin and user.has_password and not user.is_disabled


def known(name: str) -> User:
    """The user of this name, inside a transaction or a `read`. Raises: NotFound."""
    found = users.by_name(name)
    if found is None:
        raise NotFound(f"there is no user {name}", title="No such user")
    return found


def add(requester: Requester, name: str, password_hash: str | None, is_admin: bool, now: float) -> User:
    """Make a user with the audit entry, inside a transaction. Raises: Conflict: the name is taken."""
    if users.by_name(name) is not None:
        raise Conflict(f"there is a user {name} already", errors=[("name", "is taken")])
    made = users.add(name, password_hash, is_admin, now)
    audit.add(now, requester, "user.created", name, fields={"admin": [None, is_admin]})
    return made


def write_role(requester: Requester, project: Project, user: User, role: Role, now: float) -> None:
    """With its audit entry, inside a transaction; nothing when it is so already."""
    old = user.roles.get(project.key)
    if old != role:
        users.set_role(user, project, role)
        audit.add(now, requester, "member.role_set", user.name, project.id, {"role": [old, role]})


def grant(
    requester: Requester, user: User, now: float, *, is_admin: bool | None, is_disabled: bool | None
) -> None:
    """Make a user an administrator or not, shut them out or not, with the audit entries, inside a
    transaction.
    """
    if is_admin is not None and is_admin != user.is_admin:
        users.set_admin(user, is_admin)
        audit.add(now, requester, "user.admin_set", user.name, fields={"admin": [user.is_admin, is_admin]})
    if is_disabled is not None and is_disabled != user.is_disabled:
        users.set_disabled(user, now if is_disabled else None)
        sessions.end_all(user)
        audit.add(now, requester, "user.disabled" if is_disabled else "user.enabled", user.name)


def set_password(
    requester: Requester, user: User, password_hash: str, now: float, but_session: str = ""
) -> None:
    """With its audit entry, inside a transaction; it ends the user's sessions but this one."""
    users.set_password(user, password_hash)
    sessions.end_all(user, but=but_session)
    audit.add(now, requester, "user.password_set", user.name, fields={"password": None})


def checked_name(name: str) -> list[FieldError]:
    reason = name_error(name)
    return [("name", reason)] if reason else []


def checked_password(password: str | None) -> list[FieldError]:
    reason = None if password is None else password_error(password)
    return [("password", reason)] if reason else []


def checked_email(email: str | None) -> list[FieldError]:
    reason = None if email is None else email_error(email)
    return [("email", reason)] if reason else []


def _checked_role(project_key: str | None, role: Role | None) -> list[FieldError]:
    if (project_key is None) == (role is None):
        return []
    return [("role" if role is None else "project", "is missing: project and role go together")]
