"""Whom a token stands for, and the project it speaks of.

Owns authentication by token, whichever door it came through. A publisher's token and project are not looked
up for each event: what was found is kept for a second, and forgotten at once when this process changes it.
Step before: a door has found the token in a request; step after: an operation judges the `Requester`.
"""

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
        self._tokens: Recent[bytes, Token] = Recent(self._find_token)
        self._projects: Recent[int | str, Project] = Recent(self._find_project)
        self._touched: dict[str, float] = {}

    def requester_recently(self, text: str, address: str | None) -> Requester | None:
        return self._requester(self._tokens.recent(tokens.digest(text)), address)

    def requester(self, text: str, address: str | None) -> Requester | None:
        """None: the token is unknown, revoked or expired."""
        return self._requester(self._tokens.get(tokens.digest(text)), address)

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
        self._tokens.forget()
        self._projects.forget()

    def _requester(self, token: Token | None, address: str | None) -> Requester | None:
        if token is None:
            return None
        # One of a project that was made with it in an earlier release must not rule the server.
        without = {"admin"} if token.project_id is not None else set()
        return Requester(
            f"token {token.name}" if token.name else "token",
            frozenset(token.scopes) - without,
            token.app,
            token_id=token.id,
            project_id=token.project_id,
            address=address,
        )

    def _find_token(self, digest: bytes) -> Token | None:
        now = self._database.clock.now()
        found = self._database.read(lambda: tokens.by_digest(digest))
        if found is None or found.is_over(now):
            return None
        if now - self._touched.get(found.id, 0.0) > TOUCH_EVERY_S:
            self._touched[found.id] = now
            self._database.write(lambda: tokens.touch(found.id, now))
        return found

    def _find_project(self, wanted: int | str) -> Project | None:
        return self._database.read(
            lambda: projects.by_id(wanted) if isinstance(wanted, int) else projects.by_key(wanted)
        )
