"""Who calls: a token from the headers, what it stands for, and the project it speaks of.

Owns authentication and the choice of the project (contract §4). It must never read a token from anywhere but
its two headers, nor log one. What a token stands for is kept in memory for a second: a publisher's token is
not looked up for each event.
"""

import hashlib
import time
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers

from hub.errors import Forbidden, Invalid, NotFound
from hub.rules.access import Requester
from hub.store import people, projects, settings
from hub.store.database import Database
from hub.store.people import Caller
from hub.store.projects import ProjectInfo
from hub.web.problems import Problem

KEPT_S = 1.0
KEPT_MAX = 10_000
TOUCH_EVERY_S = 60.0


class Callers:
    """The tokens that were lately used, for one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[bytes, tuple[float, Caller]] = {}
        self._projects: dict[int | str, tuple[float, ProjectInfo]] = {}
        self._touched: dict[str, float] = {}
        self._max_event_bytes = (0.0, 0)

    async def caller(self, headers: Headers) -> Caller:
        """Raises: Problem 401."""
        token = token_of(headers)
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        until, found = self._kept.get(digest, (0.0, None))
        if found is None or until < time.monotonic():
            found = await run_in_threadpool(self._look_up, token)
            if len(self._kept) > KEPT_MAX:
                self._kept.clear()
            self._kept[digest] = (time.monotonic() + KEPT_S, found)
        return found

    async def project(self, caller: Caller, query: Mapping[str, str]) -> ProjectInfo:
        """The project a call is about: the token's own, or for a server-wide token the one it names with
        ?project=KEY.

        Raises:
            Problem: 422 none was named, 403 another than the token's, 404 there is none.
        """
        named = query.get("project")
        if caller.project_id is None and not named:
            raise Invalid([("project", "name one: ?project=KEY")], title="Which project?")
        wanted: int | str = caller.project_id if caller.project_id is not None else str(named)
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

    def _look_up(self, token: str) -> Caller:
        now = self._database.clock.now()
        found = self._database.read(lambda: people.caller(token, now))
        if found is None:
            raise Problem(401, "Unknown token", "this token is unknown, revoked or expired")
        if now - self._touched.get(found.token_id, 0.0) > TOUCH_EVERY_S:
            self._touched[found.token_id] = now
            self._database.write(lambda: people.touch(found.token_id, now))
        return found

    def _look_up_project(self, wanted: int | str) -> ProjectInfo:
        row = self._database.read(
            lambda: projects.by_id(wanted) if isinstance(wanted, int) else projects.by_key(wanted)
        )
        if row is None:
            raise NotFound(
                f"there is no project {wanted}", title="No such project", errors=[("project", "is unknown")]
            )
        return projects.info_of(row)


def token_of(headers: Headers) -> str:
    """`Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`. Raises: Problem 401."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    found = token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "").strip()
    if not found:
        raise Problem(401, "No token", "send Authorization: Bearer TOKEN or X-API-Key: TOKEN")
    return found


def requester_of(caller: Caller, address: str | None = None) -> Requester:
    return Requester(
        f"token {caller.name}" if caller.name else "token",
        caller.scopes,
        caller.app,
        token_id=caller.token_id,
        address=address,
    )
