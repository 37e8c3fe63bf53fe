"""Projects: what administrators do with them, whichever door they came through.

Owns the checks, the audit entry and the transaction. Step before: a door has authenticated the requester;
step after: `store.projects`.
"""

from collections.abc import Callable, Mapping

from hub.errors import Conflict, FieldError, Invalid, NotFound
from hub.rules import keys
from hub.rules.access import Requester, archived, require
from hub.rules.catalogue import CATALOGUES, OPEN
from hub.rules.health import State
from hub.store import audit, hook_lists, projects
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.users import User

ProjectWithStates = tuple[Project, Mapping[State, int]]
"""A project, and how many of its hooks are in which state."""


class Projects:
    """Any thread but the event loop's may call this."""

    def __init__(
        self,
        database: Database,
        changed: Callable[[], None] = lambda: None,
        ended: Callable[[str], None] = lambda hook_id: None,
    ) -> None:
        """`changed` is called after each change: what was kept of a project is to be forgotten, and there may
        be something to send. `ended`: an app's hook was deleted with its project.
        """
        self._database = database
        self._changed = changed
        self._ended = ended

    def list(self, requester: Requester, before: str | None = None, limit: int = 200) -> tuple[Project, ...]:
        """Newest first; only those made before the one of this key."""
        require(requester, "admin")

        def read() -> tuple[Project, ...]:
            last = None if before is None else projects.by_key(before)
            if before is not None and last is None:
                raise Invalid([("before", f"there is no project {before}")])
            return projects.find(last, limit)

        return self._database.read(read)

    def of_user(
        self, user: User, before: str | None = None, limit: int = 200
    ) -> tuple[ProjectWithStates, ...]:
        """Those in which somebody has a role, for an administrator all: newest first, with the states of
        their hooks.
        """

        def read() -> tuple[ProjectWithStates, ...]:
            last = None if before is None else projects.by_key(before)
            keys = None if user.is_admin else tuple(user.roles)
            found = projects.find(last, limit, keys)
            states = hook_lists.states([project.id for project in found])
            return tuple((project, states[project.id]) for project in found)

        return self._database.read(read)

    def get(self, requester: Requester, key: str) -> Project:
        """Raises: Forbidden, NotFound."""
        require(requester, "admin")
        return self._database.read(lambda: known(key))

    def named(self, requester: Requester, key: str | None) -> Project | None:
        """The project that a field names, if it names one. Raises: Forbidden, Invalid: there is none."""
        require(requester, "admin")
        return self._database.read(lambda: named(key))

    def create(self, requester: Requester, key: str, name: str = "", catalogue: str = OPEN) -> Project:
        """Raises: Forbidden, Invalid, Conflict: the key is taken."""
        require(requester, "admin")
        wrong: list[FieldError] = []
        if reason := keys.project_key_error(key):
            wrong.append(("key", reason))
        if reason := keys.label_error(name):
            wrong.append(("name", reason))
        if catalogue not in CATALOGUES:
            wrong.append(("catalogue", f"must be one of {', '.join(CATALOGUES)}"))
        if wrong:
            raise Invalid(wrong)

        def write() -> Project:
            if projects.by_key(key):
                raise Conflict(f"there is a project {key} already", errors=[("key", "is taken")])
            now = self._database.clock.now()
            made = projects.add(key, name, catalogue, now, requester.name)
            audit.add(now, requester, "project.created", key, made.id, {"catalogue": [None, catalogue]})
            return made

        return self._database.write(write).result()

    def update(
        self, requester: Requester, key: str, *, name: str | None = None, is_archived: bool | None = None
    ) -> Project:
        """Rename, archive or restore; what is None stays as it is. Raises: Forbidden, Invalid, NotFound."""
        require(requester, "admin")
        if name is not None and (reason := keys.label_error(name)):
            raise Invalid([("name", reason)])

        def write() -> Project:
            project, now = known(key), self._database.clock.now()
            if name is not None and name != project.name:
                projects.rename(project, name)
                audit.add(now, requester, "project.renamed", key, project.id, {"name": [project.name, name]})
            if is_archived is not None and is_archived != project.is_archived:
                projects.archive(self._database, project, is_archived, now)
                action = "project.archived" if is_archived else "project.restored"
                audit.add(now, requester, action, key, project.id)
            return known(key)

        updated = self._database.write(write).result()
        self._changed()
        return updated

    def delete(self, requester: Requester, key: str) -> None:
        """End a project with its hooks, tokens and members; its events and deliveries are forgotten soon
        after. Its key may be given again. Raises: Forbidden, NotFound.
        """
        require(requester, "admin")

        def write() -> list[str]:
            project, now = known(key), self._database.clock.now()
            of_apps = hook_lists.of_apps(project.id)
            projects.delete(project, now)
            audit.add(now, requester, "project.deleted", key, project.id, {"name": [project.name, None]})
            return of_apps

        ended = self._database.write(write).result()
        self._changed()
        for hook_id in ended:
            self._ended(hook_id)


def known(key: str) -> Project:
    """The project of this key, inside a transaction or a `read`. Raises: NotFound."""
    found = projects.by_key(key)
    if found is None:
        raise NotFound(f"there is no project {key}", title="No such project")
    return found


def named(key: str | None, field: str = "project") -> Project | None:
    """The same for a field that may name one. Raises: Invalid."""
    found = None if key is None else projects.by_key(key)
    if key is not None and found is None:
        raise Invalid([(field, f"there is no project {key}")])
    return found


def check_open(project: Project) -> None:
    """Inside the transaction that changes something of a project. Raises: Forbidden: by now it is archived or
    gone.
    """
    now_it_is = projects.by_id(project.id)
    if now_it_is is None or now_it_is.is_archived:
        raise archived(project.key)
