"""Tokens: made, listed and revoked, whoever asks.

Owns the checks, the audit entry and the transaction. Server-wide tokens are administrators'; those of a
project its managers' too. The token itself is in the answer of `create`, and nowhere else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from connectors import registry
from hub.errors import FieldError, Invalid, NotFound
from hub.operations import connectors
from hub.rules import keys
from hub.rules.access import APP_SCOPES, SCOPES, Requester, Scope, require
from hub.store import audit, tokens
from hub.store.database import Database
from hub.store.projects import Project
from hub.store.tokens import Token


@dataclass(frozen=True, slots=True)
class NewToken:
    token: Token
    text: str
    """Shown this once."""


class Tokens:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database, changed: Callable[[], None] = lambda: None) -> None:
        """`changed` is called after each change: what was kept of a token is to be forgotten."""
        self._database = database
        self._changed = changed

    def list(
        self, requester: Requester, project: Project | None, before: str | None = None, limit: int = 200
    ) -> tuple[Token, ...]:
        """Newest first; those of all projects and of none when `project` is None; only those made before the
        token `before`. Raises: Forbidden.
        """
        _require(requester, project)
        return self._database.read(lambda: tokens.find(project.id if project else None, before, limit))

    def get(self, requester: Requester, token_id: str) -> Token:
        """Raises: Forbidden, NotFound."""

        def read() -> Token:
            return _managed(requester, token_id)

        return self._database.read(read)

    def own(self, requester: Requester) -> Token:
        """The one that the requester came with. Raises: NotFound: a person has none."""
        found = self._database.read(lambda: tokens.by_id(requester.token_id or ""))
        if found is None:
            raise NotFound("there is no such token", title="No such token")
        return found

    def create(
        self,
        requester: Requester,
        project: Project | None,
        *,
        scopes: Sequence[Scope],
        app: str | None = None,
        name: str = "",
        expires_at: float | None = None,
    ) -> NewToken:
        """A token of an app switches the app's connector on. Raises: Forbidden, Invalid."""
        _require(requester, project)
        wrong = _errors(project, scopes, app, name)
        if expires_at is not None and expires_at <= self._database.clock.now():
            wrong.append(("expires_at", "is in the past"))
        if wrong:
            raise Invalid(wrong)

        def write() -> NewToken:
            now = self._database.clock.now()
            made, text = tokens.add(
                name=name,
                scopes=scopes,
                project_id=project.id if project else None,
                app=app,
                created_by=requester.name,
                now=now,
                expires_at=expires_at,
            )
            fields = {"scopes": [None, list(made.scopes)], "app": [None, app]}
            audit.add(now, requester, "token.created", made.id, made.project_id, fields)
            if app is not None and project is not None:
                connectors.switch(requester, project, app, True, now)
            return NewToken(made, text)

        return self._database.write(write).result()

    def revoke(self, requester: Requester, token_id: str) -> None:
        """End a token at once. Raises: Forbidden, NotFound: there is none, or it is revoked already."""

        def write() -> None:
            found, now = _managed(requester, token_id), self._database.clock.now()
            if not tokens.revoke(token_id, now):
                raise NotFound("this token is revoked already", title="No such token")
            audit.add(now, requester, "token.revoked", token_id, found.project_id)

        self._database.write(write).result()
        self._changed()


def _managed(requester: Requester, token_id: str) -> Token:
    """Inside a transaction or a `read`. Raises: Forbidden, NotFound."""
    found = tokens.by_id(token_id)
    if found is None:
        require(requester, "manage")
        raise NotFound("there is no such token", title="No such token")
    require(requester, *_managed_by(found.project_id), project_id=found.project_id)
    return found


def _require(requester: Requester, project: Project | None) -> None:
    project_id = project.id if project else None
    require(requester, *_managed_by(project_id), project_id=project_id)


def _managed_by(project_id: int | None) -> tuple[str, ...]:
    return ("admin",) if project_id is None else ("manage",)


def _errors(project: Project | None, scopes: Sequence[Scope], app: str | None, name: str) -> list[FieldError]:
    wrong: list[FieldError] = []
    if not scopes or not set(scopes) <= set(SCOPES):
        possible = [scope for scope in SCOPES if project is None or scope != "admin"]
        wrong.append(("scopes", f"must be at least one of {', '.join(possible)}"))
    if project is not None and "admin" in scopes:
        wrong.append(("scopes", "admin is for the whole server: leave out the project, or take manage"))
    if reason := keys.label_error(name):
        wrong.append(("name", reason))
    if app is None:
        return wrong

    if app not in registry.connector_keys():
        wrong.append(("app", f"must be one of {', '.join(registry.connector_keys())}"))
    if project is None:
        wrong.append(("project", "is missing: an app's token belongs to one project"))
    if not set(scopes) <= set(APP_SCOPES):
        wrong.append(("scopes", f"an app's token can have only {', '.join(APP_SCOPES)}"))
    return wrong
