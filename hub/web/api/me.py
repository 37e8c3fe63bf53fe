"""Who am I: the call that every client uses to test its token. Owns nothing else."""

from hub.rules.access import SCOPES
from hub.store import projects, tokens
from hub.store.projects import Project
from hub.store.tokens import Token
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Me


def me(request: ApiRequest) -> ApiResponse:
    requester = request.requester

    def read() -> tuple[Token | None, Project | None]:
        token = tokens.by_id(requester.token_id or "")
        return token, projects.by_id(requester.project_id) if requester.project_id is not None else None

    token, project = request.services.database.read(read)
    label = token.name if token else ""
    body = {
        "id": requester.token_id,
        "name": label or (project.name if project else "hookhub"),
        "project": {"key": project.key, "name": project.name} if project else None,
        "app": requester.app,
        "scopes": [scope for scope in SCOPES if scope in requester.scopes],
    }
    return ApiResponse(body)


CALLS = (
    Call("GET", "/me", me, "What this token stands for", answer=Me, is_about_project=False, tag="tokens"),
)
