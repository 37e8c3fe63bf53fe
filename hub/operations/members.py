"""Members: who has which role in a project; its managers look after them.

Owns the checks, the audit entry and the transaction.
"""

from dataclasses import dataclass

from hub.errors import Conflict, Invalid, NotFound
from hub.operations.projects import check_open
from hub.operations.users import known, write_role
from hub.rules.access import ROLES, Requester, Role, require
from hub.store import audit, users
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.users import User


@dataclass(frozen=True, slots=True)
class Member:
    user: User
    role: Role


class Members:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, requester: Requester, project: Project) -> tuple[Member, ...]:
        """By name. Raises: Forbidden."""
        require(requester, "manage", project_id=project.id)
        found = self._database.read(lambda: users.of_project(project))
        return tuple(Member(user, user.roles[project.key]) for user in found)

    def candidates(self, requester: Requester, project: Project, limit: int = 200) -> tuple[str, ...]:
        """Names of users who are no members yet. Raises: Forbidden."""
        require(requester, "manage", project_id=project.id)
        return self._database.read(lambda: users.names_outside(project, limit))

    def update(self, requester: Requester, project: Project, name: str, role: Role) -> Member:
        """Give a user this role, whatever they had before. Raises: Forbidden, Invalid, NotFound."""
        require(requester, "manage", project_id=project.id)
        if role not in ROLES:
            raise Invalid([("role", f"must be one of {', '.join(ROLES)}")])

        def write() -> Member:
            check_open(project)
            user = known(name)
            if role != "product_owner":
                self._check_owner(requester, project, user)
            write_role(requester, project, user, role, self._database.clock.now())
            return Member(known(name), role)

        return self._database.write(write).result()

    def delete(self, requester: Requester, project: Project, name: str) -> None:
        """Raises: Forbidden, NotFound: there is no such user, or it is no member."""
        require(requester, "manage", project_id=project.id)

        def write() -> None:
            user, now = known(name), self._database.clock.now()
            role = user.roles.get(project.key)
            if role is None:
                raise NotFound(f"{name} is no member of {project.key}", title="No such member")
            check_open(project)
            self._check_owner(requester, project, user)
            users.remove_role(user, project)
            audit.add(now, requester, "member.removed", name, project.id, {"role": [role, None]})

        self._database.write(write).result()

    def _check_owner(self, requester: Requester, project: Project, user: User) -> None:
        """Inside a transaction, before this user is no product owner any more. Raises: Conflict."""
        is_owner = user.roles.get(project.key) == "product_owner"
        if not is_owner or requester.has("admin"):
            return
        # Two product owners who remove each other at once: the second waits here and sees what the first has
        # done.
        if users.locked_owner_ids(self._database, project) == {user.id}:
            raise Conflict(
                f"{user.name} is the last product owner of {project.key}: make another one first",
                title="The last product owner stays one",
            )
