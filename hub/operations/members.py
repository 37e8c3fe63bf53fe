"""Members: who has which role in a project; its managers look after them.

Owns the checks, the audit entry and the transaction.
"""

from dataclasses import dataclass

from hub.errors import Invalid, NotFound
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

    def update(self, requester: Requester, project: Project, name: str, role: Role) -> Member:
        """Give a user this role, whatever they had before. Raises: Forbidden, Invalid, NotFound."""
        require(requester, "manage", project_id=project.id)
        if role not in ROLES:
            raise Invalid([("role", f"must be one of {', '.join(ROLES)}")])

        def write() -> Member:
            write_role(requester, project, known(name), role, self._database.clock.now())
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
            users.remove_role(user, project)
            audit.add(now, requester, "member.removed", name, project.id, {"role": [role, None]})

        self._database.write(write).result()
