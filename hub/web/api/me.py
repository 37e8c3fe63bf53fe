"""Who am I: the call that every client uses to test its token. Owns nothing else."""

from hub.rules.access import SCOPES
from hub.store import projects
from hub.web.api.calls import ApiRequest, ApiResponse, Call
from hub.web.api.models import Me


def me(request: ApiRequest) -> ApiResponse:
    caller = request.caller
    row = None
    if caller.project_id is not None:
        row = request.services.database.read(lambda: projects.by_id(caller.project_id or 0))
    body = {
        "id": caller.token_id,
        "name": caller.name or (row.name if row else "hookhub"),
        "project": {"key": row.key, "name": row.name} if row else None,
        "app": caller.app,
        "scopes": [scope for scope in SCOPES if scope in caller.scopes],
    }
    return ApiResponse(body)


CALLS = (
    Call("GET", "/me", me, "What this token stands for", answer=Me, is_about_project=False, tag="tokens"),
)
