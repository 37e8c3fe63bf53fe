"""Who calls: the token in a request's headers, and the project that the call is about.

Owns where the API and its dialects find these: a token in its two headers only, the project in the token or
in `?project=KEY`. Whom a token stands for `operations.credentials` knows; it is asked on a thread unless it
remembers.
"""

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from hub.errors import Forbidden, Invalid
from hub.rules.access import Requester
from hub.rules.settings import Settings
from hub.services import Services
from hub.store.projects import Project
from hub.web.problems import Problem


class Callers:
    """Asked on the event loop."""

    def __init__(self, services: Services) -> None:
        self._credentials = services.credentials
        self._settings = services.settings

    async def requester(self, http: HTTPConnection, headers: Headers | None = None) -> Requester:
        """Whoever the token in the request's headers stands for. `headers`: read these in place of its own.
        Raises: Problem 401.
        """
        text = token_of(http.headers if headers is None else headers)
        return await self.with_token(text, http.client.host if http.client else None)

    async def with_token(self, text: str, address: str | None) -> Requester:
        """Whoever this token stands for. Raises: Problem 401."""
        found = self._credentials.requester_recently(text, address)
        if found is None:
            found = await run_in_threadpool(self._credentials.requester, text, address)
        if found is None:
            raise Problem(401, "this token is unknown, revoked or expired", title="Unknown token")
        return found

    def recently(self, text: str) -> tuple[Requester, Project, Settings] | None:
        """All that a call about a token's own project is judged by, if it is in memory; None: ask for
        each.
        """
        requester = self._credentials.requester_recently(text, None)
        if requester is None or requester.project_id is None:
            return None
        project = self._credentials.project_recently(requester.project_id)
        tuned = self._settings.recently()
        return None if project is None or tuned is None else (requester, project, tuned)

    async def project(self, requester: Requester, query: Mapping[str, str]) -> Project:
        """The project a call is about: the token's own, or for a server-wide token the one it names with
        ?project=KEY. Raises: Invalid: none was named, Forbidden: another than the token's, NotFound.
        """
        named = query.get("project")
        if requester.project_id is None and not named:
            raise Invalid([("project", "name one: ?project=KEY")], title="Which project?")
        wanted: int | str = requester.project_id if requester.project_id is not None else str(named)
        found = self._credentials.project_recently(wanted)
        if found is None:
            found = await run_in_threadpool(self._credentials.project, wanted)
        if named and named != found.key:
            raise Forbidden(f"this token belongs to project {found.key}", title="Another project")
        return found

    async def settings(self) -> Settings:
        """Those in force, at most a second old."""
        found = self._settings.recently()
        if found is None:
            found = await run_in_threadpool(self._settings.recent)
        return found


def token_of(headers: Headers) -> str:
    """`Authorization: Bearer TOKEN` or `X-API-Key: TOKEN`. Raises: Problem 401."""
    return token_in(headers.get("authorization", ""), headers.get("x-api-key", ""))


def token_in(authorization: str, api_key: str) -> str:
    """The same of the two headers' values. Raises: Problem 401."""
    scheme, _, token = authorization.partition(" ")
    found = token.strip() if scheme.lower() == "bearer" else api_key.strip()
    if not found:
        raise Problem(401, "send Authorization: Bearer TOKEN or X-API-Key: TOKEN")
    return found
