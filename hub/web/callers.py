"""Who calls: a token from the headers, what it stands for, and the project it speaks of.

Owns authentication of the REST API and its dialects, and the choice of the project. A token is read from its two
headers only, and never logged. What it stands for is kept in memory for a second: a publisher's token is not looked
up for each event.
"""

import hashlib
import time
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from hub.errors import Forbidden, Invalid, NotFound
from hub.rules.access import Requester
from hub.store import projects, settings, tokens
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.tokens import Token
from hub.web.problems import Problem

KEPT_S = 1.0
KEPT_MAX = 10_000
TOUCH_EVERY_S = 60.0


class Callers:
    """The tokens that were lately used, for one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[bytes, tuple[float, Token]] = {}
        self._projects: dict[int | str, tuple[float, Project]] = {}
        self._touched: dict[str, float] = {}
        self._max_event_bytes = (0.0, 0)

    async def requester(self, http: HTTPConnection, headers: Headers | None = None) -> Requester:
        """Whoever the token in the request's headers stands for. `headers`: read these in place of its own. Raises:
        Problem 401.
        """
        text = token_of(http.headers if headers is None else headers)
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        until, found = self._kept.get(digest, (0.0, None))
        if found is None or until < time.monotonic():
            found = await run_in_threadpool(self._look_up, text)
            if len(self._kept) > KEPT_MAX:
                self._kept.clear()
            self._kept[digest] = (time.monotonic() + KEPT_S, found)
        return requester_of(found, http.client.host if http.client else None)

    async def project(self, requester: Requester, query: Mapping[str, str]) -> Project:
        """The project a call is about: the token's own, or for a server-wide token the one it names with
        ?project=KEY. Raises: Invalid: none was named, Forbidden: another than the token's, NotFound.
        """
        named = query.get("project")
        if requester.project_id is None and not named:
            raise Invalid([("project", "name one: ?project=KEY")], title="Which project?")
        wanted: int | str = requester.project_id if requester.project_id is not None else str(named)
        until, found = self._projects.get(wanted, (0.0, None))
        if found is None or until < time.monotonic():
            found = await run_in_threadpool(self._look_up_project, wanted)
            if len(self._projects) > KEPT_MAX:
                self._projects.clear()
            self._projects[wanted] = (time.monotonic() + KEPT_S, found)
        if named and named != found.key:
            raise Forbidden(f"this token belongs to project {found.key}", title="Another project")
        return found

    async def max_event_bytes(self) -> int:
        """The setting in force, at most a second old."""
        until, found = self._max_event_bytes
        if until < time.monotonic():
            tuned = await run_in_threadpool(self._database.read, settings.load)
            found = tuned.max_event_bytes
            self._max_event_bytes = (time.monotonic() + KEPT_S, found)
        return found

    def forget(self) -> None:
        """Something about a token, a project or the settings was changed here: look it up again."""
        self._kept.clear()
        self._projects.clear()
        self._max_event_bytes = (0.0, 0)

    def _look_up(self, text: str) -> Token:
        now = self._database.clock.now()
        found = self._database.read(lambda: tokens.by_text(text))
        if found is None or found.is_over(now):
            raise Problem(401, "this token is unknown, revoked or expired", title="Unknown token")
        if now - self._touched.get(found.id, 0.0) > TOUCH_EVERY_S:
            self._touched[found.id] = now
            self._database.write(lambda: tokens.touch(found.id, now))
        return found

    def _look_up_project(self, wanted: int | str) -> Project:
        found = self._database.read(
            lambda: projects.by_id(wanted) if isinstance(wanted, int) else projects.by_key(wanted)
        )
        if found is None:
            raise NotFound(
                f"there is no project {wanted}", title="No such project", errors=[("project", "is unknown")]
            )
        return found


def token_of(headers: Headers) -> str:
    """`Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`. Raises: Problem 401."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    found = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()
    if not found:
        raise Problem(401, "send Authorization: Bearer TOKEN or X-API-Key: TOKEN")
    return found


def requester_of(token: Token, address: str | None = None) -> Requester:
    return Requester(
        f"token {token.name}" if token.name else "token",
        frozenset(token.scopes),
        token.app,
        token_id=token.id,
        project_id=token.project_id,
        address=address,
    )
