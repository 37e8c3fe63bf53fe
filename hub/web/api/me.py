"""Who am I: the call that every client uses to test its token. Owns nothing else."""

from hub.rules.access import SCOPES
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Me


def me(request: ApiRequest) -> ApiResponse:
    services, requester = request.services, request.requester
    token = services.tokens.own(requester)
    project = None if requester.project_id is None else services.credentials.project(requester.project_id)
    body = {
        "id": token.id,
        "name": token.name or (project.name if project else "hookhub"),
        "project": {"key": project.key, "name": project.name} if project else None,
        "app": token.app,
        "scopes": [scope for scope in SCOPES if scope in requester.scopes],
    }
    return ApiResponse(body)


CALLS = (
    Call("GET", "/me", me, "What this token stands for", answer=Me, is_about_project=False, tag="tokens"),
)
