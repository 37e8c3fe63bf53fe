"""The calls about tokens: their shape. What they do is `operations.tokens`'."""

from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, Field, field_validator

from connectors import registry
from hub.rules.access import Scope
from hub.store.tokens import Token
from hub.timestamps import iso, iso_or_none
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Input, ProjectKey, moment
from hub.web.api.projects import Label
from hub.web.api.queries import Paged, before_id


class TokenInput(Input):
    name: Label = ""
    scopes: Annotated[
        list[Scope], Field(min_length=1, max_length=5, validation_alias=AliasChoices("scopes", "scope"))
    ]
    project: ProjectKey | None = None
    app: (
        Annotated[str, Field(json_schema_extra=lambda schema: schema.update(enum=registry.connector_keys()))]
        | None
    ) = None
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
    services, requester = request.services, request.requester
    project = services.projects.named(requester, wanted.project)
    found = services.tokens.list(requester, project, wanted.before, wanted.limit)
    return request.page(found, [_answer(one) for one in found])


def get_token(request: ApiRequest) -> ApiResponse:
    return ApiResponse(_answer(request.services.tokens.get(request.requester, request.path["id"])))


def create_token(request: ApiRequest) -> ApiResponse:
    wanted: TokenInput = request.body
    services, requester = request.services, request.requester
    made = services.tokens.create(
        requester,
        services.projects.named(requester, wanted.project),
        scopes=wanted.scopes,
        app=wanted.app,
        name=wanted.name,
        expires_at=None if wanted.expires_at is None else moment("expires_at", wanted.expires_at),
    )
    return ApiResponse({**_answer(made.token), "token": made.text}, 201)


def revoke_token(request: ApiRequest) -> ApiResponse:
    request.services.tokens.revoke(request.requester, request.path["id"])
    return ApiResponse({"id": request.path["id"], "revoked": True})


def _answer(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "ending": token.ending,
        "scopes": list(token.scopes),
        "project": token.project_key,
        "app": token.app,
        "created_by": token.created_by,
        "created_at": iso(token.created_at),
        "last_used_at": iso_or_none(token.last_used_at),
        "expires_at": iso_or_none(token.expires_at),
        "revoked_at": iso_or_none(token.revoked_at),
    }


_ADMIN = ("admin",)

CALLS = (
    Call("GET", "/tokens", list_tokens, "Tokens, newest first", _ADMIN, list[TokenAnswer], query=TokenQuery,
         is_about_project=False, tag="tokens"),
    Call("POST", "/tokens", create_token, "Make a token", _ADMIN, NewToken, 201, TokenInput,
         is_about_project=False, tag="tokens"),
    Call("GET", "/tokens/{id}", get_token, "One token", _ADMIN, TokenAnswer, is_about_project=False,
         tag="tokens"),
    Call("DELETE", "/tokens/{id}", revoke_token, "Revoke a token", _ADMIN, Revoked, is_about_project=False,
         tag="tokens"),
)  # fmt: skip
