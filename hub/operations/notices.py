"""Notices: what needs attention, for the people and programs that ask, and how each person wants to be told.

Owns who sees which: managers their projects', the maker of a hook that hook's, administrators all. Step
before: a door has authenticated the requester. Step after: `store.notices`, `store.notice_choices`.
"""

from dataclasses import dataclass

from hub.errors import FieldError, Forbidden, Invalid
from hub.operations.users import checked_email
from hub.rules.access import MANAGERS, Requester, require
from hub.rules.notices import CHOICES, Choice
from hub.store import audit, notice_choices, notices, projects, users
from hub.store.database import Database
from hub.store.notices import Notice
from hub.store.projects import Project
from hub.store.users import User


@dataclass(frozen=True, slots=True)
class HowTold:
    """How a person is told."""

    email: str
    choice: Choice | None
    """None: at once of what is over, daily of the rest."""


class Notices:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database, has_relay: bool) -> None:
        self._database = database
        self.has_relay = has_relay

    def list(
        self,
        requester: Requester,
        project: Project,
        *,
        open_only: bool = True,
        before: int | None = None,
        limit: int = notices.LIST_MAX,
    ) -> tuple[Notice, ...]:
        """A project's, newest first; for administrators of the server with those of the hub itself.

        Raises: Forbidden, for an app too: they tell of others' hooks.
        """
        require(requester, "read", "manage", project_id=project.id)
        if requester.app is not None:
            raise Forbidden("notices are for people: an app's token does not see them", title="Not for apps")
        now = self._database.clock.now()
        is_admin = requester.has("admin") and requester.project_id is None
        return self._database.read(
            lambda: notices.find(
                now,
                project_ids=[project.id],
                is_admin=is_admin,
                open_only=open_only,
                before=before,
                limit=limit,
            )
        )

    def of_person(self, user: User) -> tuple[Notice, ...]:
        """The open ones that are for this person, newest first; they have been told of them by it."""
        now = self._database.clock.now()
        found = self._database.read(
            lambda: notices.find(now, project_ids=_managed(user), maker=user.name, is_admin=user.is_admin)
        )
        self._database.write(lambda: notice_choices.see(user.id, [one.id for one in found], now)).result()
        return found

    def count_new(self, user: User) -> int:
        """How many there are that this person has not seen."""
        now = self._database.clock.now()
        return self._database.read(
            lambda: notice_choices.count_new(user.id, now, project_ids=_managed(user), maker=user.name)
        )

    def how_told(self, user: User) -> HowTold:
        choice = self._database.read(lambda: notice_choices.choice_of(user.id))
        return HowTold(user.email or "", choice)

    def choose(self, requester: Requester, user: User, email: str, choice: str) -> None:
        """A person's own address (empty: none) and choice (empty: none made). Raises: Invalid."""
        errors: list[FieldError] = checked_email(email or None)
        chosen: Choice | None = next((one for one in CHOICES if one == choice), None)
        if choice and chosen is None:
            errors.append(("choice", f"must be one of {', '.join(CHOICES)}"))
        if errors:
            raise Invalid(errors)

        def write() -> None:
            notice_choices.choose(user.id, chosen)
            if email != (user.email or ""):
                users.set_email(user, email or None)
                fields = {"email": None}
                audit.add(self._database.clock.now(), requester, "user.email_set", user.name, fields=fields)

        self._database.write(write).result()


def _managed(user: User) -> list[int] | None:
    """The projects whose notices this person sees; None: all. Inside a `read`."""
    if user.is_admin:
        return None
    rows = (projects.by_key(key) for key, role in user.roles.items() if role in MANAGERS)
    return [row.id for row in rows if row is not None]
