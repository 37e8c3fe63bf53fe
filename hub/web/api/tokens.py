"""The calls about tokens.

Owns their shape. It must never answer with a token but once, when it is made; and an app's token may only
look after its own app's hooks.
"""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field, field_validator

from connectors import registry
from hub.errors import Invalid, NotFound
from hub.rules.access import APP_SCOPES, Scope
from hub.store import audit, projects, tokens
from hub.store.tokens import Token
from hub.timestamps import iso, iso_or_none, parse_iso
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input, Name, Text
from hub.web.api.projects import named_project
from hub.web.api.queries import Paged, before_id


class TokenInput(Input):
    name: Name = ""
    scopes: Annotated[
        list[Scope], Field(min_length=1, max_length=5, validation_alias=AliasChoices("scopes", "scope"))
    ]
    project: Text | None = None
    app: Text | None = None
    expires_at: str | None = None

    @field_validator("scopes", mode="before")
    @classmethod
    def _list_scopes(cls, scopes: Any) -> Any:
        return [scopes] if isinstance(scopes, str) else scopes


class TokenAnswer(BaseModel):
    id: str
    name: str
    ending: str
    scopes: list[Scope]
    project: str | None
    app: str | None
    created_by: str
    created_at: str
    last_used_at: str | None
    expires_at: str | None
    revoked_at: str | None


class NewToken(TokenAnswer):
    token: str = Field(description="Shown this once")


class Revoked(BaseModel):
    id: str
    revoked: bool


class TokenQuery(Paged):
    before: str | None = before_id("tok")
    project: str | None = Field(None, description="Only of this project")


def list_tokens(request: ApiRequest) -> ApiResponse:
    wanted: TokenQuery = request.query

    def read() -> ApiResponse:
        project = named_project(wanted.project)
        rows = tokens.find(project.id if project else None, wanted.before, wanted.limit)
        return request.page(rows, [_token_answer(row) for row in rows])

    return request.services.database.read(read)


def create_token(request: ApiRequest) -> ApiResponse:
    wanted: TokenInput = request.body
    database = request.services.database
    _check_app(wanted)
    expires_at = _expiry(wanted.expires_at, database.clock.now())

    def write() -> dict[str, Any]:
        now = database.clock.now()
        project = named_project(wanted.project)
        project_id = project.id if project else None
        row, text = tokens.add(
            name=wanted.name,
            scopes=wanted.scopes,
            project_id=project_id,
            app=wanted.app,
            created_by=request.requester.name,
            now=now,
            expires_at=expires_at,
        )
        audit.add(
            now,
            request.requester,
            "token.created",
            row.id,
            project_id,
            {"scopes": [None, wanted.scopes], "app": [None, wanted.app]},
        )
        if wanted.app and project_id is not None and wanted.app not in projects.connectors(project_id):
            projects.switch_connector(project_id, wanted.app, True, request.requester.name, now)
            audit.add(
                now,
                request.requester,
                "connector.switched",
                wanted.app,
                project_id,
                {"enabled": [False, True]},
            )
        return {**_token_answer(row), "token": text}

    return ApiResponse(database.write(write).result(), 201)


def revoke_token(request: ApiRequest) -> ApiResponse:
    database = request.services.database

    def write() -> None:
        row = tokens.by_id(request.path["id"])
        if row is None or row.revoked_at is not None:
            raise NotFound("there is no such token", title="No such token")
        now = database.clock.now()
        tokens.revoke(row.id, now)
        audit.add(now, request.requester, "token.revoked", row.id, row.project_id)

    database.write(write).result()
    request.callers.forget()
    return ApiResponse({"id": request.path["id"], "revoked": True})


def _check_app(wanted: TokenInput) -> None:
    errors = []
    if wanted.app is not None:
        if wanted.app not in registry.connector_keys():
            errors.append(("app", f"must be one of {', '.join(registry.connector_keys())}"))
        if wanted.project is None:
            errors.append(("project", "is missing: an app's token belongs to one project"))
        if not set(wanted.scopes) <= set(APP_SCOPES):
            errors.append(("scopes", f"an app's token can have {', '.join(APP_SCOPES)}"))
    if errors:
        raise Invalid(errors)


def _expiry(text: str | None, now: float) -> float | None:
    if text is None:
        return None
    try:
        moment = parse_iso(text)
    except (ValueError, OverflowError) as error:
        message = "must be an ISO 8601 time, such as 2026-11-23T21:04:06Z"
        raise Invalid([("expires_at", message)]) from error
    if moment <= now:
        raise Invalid([("expires_at", "is in the past")])
    return moment


def _token_answer(row: Token) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "ending": row.ending,
        "scopes": list(row.scopes),
        "project": row.project_key,
        "app": row.app,
        "created_by": row.created_by,
        "created_at": iso(row.created_at),
        "last_used_at": iso_or_none(row.last_used_at),
        "expires_at": iso_or_none(row.expires_at),
        "revoked_at": iso_or_none(row.revoked_at),
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/tokens", list_tokens, "Tokens, newest first", _ADMIN, list[TokenAnswer], query=TokenQuery,
         is_about_project=False, tag="tokens"),
    Call("POST", "/tokens", create_token, "Make a token", _ADMIN, NewToken, 201, TokenInput, is_about_project=False, tag="tokens"),
    Call("DELETE", "/tokens/{id}", revoke_token, "Revoke a token", _ADMIN, Revoked, is_about_project=False, tag="tokens"),
)  # fmt: skip
