"""Whom a token stands for, and the project it speaks of.

Owns authentication by token, whichever door it came through. A publisher's token and project are not looked
up for each event: what was found is kept for a second (`recent`), and forgotten at once when this process
changes it. Step before: a door has found the token in a request; step after: an operation judges the
`Requester`.
"""

from collections.abc import Collection
from dataclasses import replace

from hub.errors import NotFound
from hub.operations.recent import Recent
from hub.rules.access import Requester
from hub.store import projects, tokens
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.tokens import Token

TOUCH_EVERY_S = 60.0
"""So often at the most is it noted that a token was used."""


class Credentials:
    """The tokens and projects that were lately asked for, for one process. The functions whose name ends with
    `_recently` answer from memory only, so they may be called on the event loop; None: ask the other one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._requesters: Recent[bytes, Requester] = Recent(self._find_requesters)
        self._projects: Recent[int | str, Project] = Recent(self._find_projects)
        self._touched: dict[str, float] = {}

    def requester_recently(self, text: str, address: str | None) -> Requester | None:
        return _at(self._requesters.recent(tokens.digest(text)), address)

    def requester(self, text: str, address: str | None) -> Requester | None:
        """None: the token is unknown, revoked or expired."""
        return _at(self._requesters.get(tokens.digest(text)), address)

    def project_recently(self, wanted: int | str) -> Project | None:
        return self._projects.recent(wanted)

    def project(self, wanted: int | str) -> Project:
        """By id or key. Raises: NotFound."""
        found = self._projects.get(wanted)
        if found is None:
            raise NotFound(
                f"there is no project {wanted}", title="No such project", errors=[("project", "is unknown")]
            )
        return found

    def forget(self) -> None:
        """A token or a project was changed here."""
        self._requesters.forget()
        self._projects.forget()

    def refresh(self) -> None:
        """Look up again what is in use. Raises: StoreUnavailable."""
        self._requesters.refresh()
        self._projects.refresh()

    def _find_requesters(self, digests: Collection[bytes]) -> dict[bytes, Requester]:
        now = self._database.clock.now()
        found = self._database.read(lambda: tokens.by_digests(digests))
        valid = {digest: token for digest, token in found.items() if not token.is_over(now)}
        for token in valid.values():
            self._touch(token.id, now)
        return {digest: _requester(token) for digest, token in valid.items()}

    def _touch(self, token_id: str, now: float) -> None:
        if now - self._touched.get(token_id, 0.0) > TOUCH_EVERY_S:
            self._touched[token_id] = now
            self._database.write(lambda: tokens.touch(token_id, now))

    def _find_projects(self, wanted: Collection[int | str]) -> dict[int | str, Project]:
        found = self._database.read(lambda: projects.named(wanted))
        by_name: dict[int | str, Project] = {}
        for project in found:
            by_name[project.id] = by_name[project.key] = project
        return by_name


def _at(requester: Requester | None, address: str | None) -> Requester | None:
    return requester if requester is None or address is None else replace(requester, address=address)


def _requester(token: Token) -> Requester:
    # One of a project that was made with it in an earlier release must not rule the server.
    without = {"admin"} if token.project_id is not None else set()
    return Requester(
        f"token {token.name}" if token.name else "token",
        frozenset(token.scopes) - without,
        token.app,
        token_id=token.id,
        project_id=token.project_id,
    )
