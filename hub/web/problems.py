"""Why a request was refused, as HTTP says it: a status, a title, one sentence, and the wrong fields.

Owns the tables from refusals to statuses and titles, and `application/problem+json` (RFC 9457). Layers below
raise the types of `hub.errors`; a `Problem` exists only at the door. A caller is never told more about a
fault of ours than that there was one: the traceback goes to the log.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from hub.errors import (
    Busy,
    ChangedMeanwhile,
    Conflict,
    Expired,
    FieldError,
    Forbidden,
    HubError,
    Invalid,
    Malformed,
    NotFound,
    Refusal,
    StoreUnavailable,
    StoreUndecided,
    TooLarge,
)

log = logging.getLogger("hub.web")

STATUSES: dict[type[Refusal], int] = {
    Malformed: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    ChangedMeanwhile: 409,
    Expired: 410,
    TooLarge: 413,
    Invalid: 422,
    Busy: 503,
}
"""The one place where a refusal of the layers below becomes a status."""

TITLES = {
    400: "Not understood",
    401: "No token",
    404: "Nothing here",
    405: "Wrong method",
    408: "Body missing",
    413: "Too large",
    414: "Target too long",
    415: "Wrong content type",
    422: Invalid.title,
    431: "Too many headers",
    500: "Fault of the hub",
    503: "Database away",
}
"""What a problem is called that has no title of its own."""

ENDS_CONNECTION = (408, 413)
"""What comes next would be the rest of a body that nobody reads (RFC 9110 §15.5.9, §15.5.14)."""
CONTENT_TYPE = "application/problem+json"
ERRORS_MAX = 100
FIELD_MAX_CHARS = 200
"""Names of fields are the caller's: an answer must not grow with them."""
TEXT_MAX_CHARS = 1000
STORE_RETRY_AFTER_S = 5


class Problem(HubError):
    """A request that is refused by the door itself, with the status that HTTP has for it (RFC 9110 §15.5)."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        title: str = "",
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title or TITLES.get(status) or HTTPStatus(status).phrase
        self.detail = detail[:TEXT_MAX_CHARS]
        self.errors = list(errors)[:ERRORS_MAX]
        self.retry_after_s = retry_after_s

    def headers(self) -> dict[str, str]:
        found = {}
        if self.status in ENDS_CONNECTION:
            found["Connection"] = "close"
        if self.retry_after_s is not None:
            found["Retry-After"] = str(self.retry_after_s)
        if self.status == 401:
            found["WWW-Authenticate"] = 'Bearer realm="hookhub"'
        return found


def problem_of(error: Exception) -> Problem:
    """What to answer to any exception; one that nobody expected is logged and answered 500."""
    match error:
        case Problem():
            return error
        case Refusal():
            retry_after_s = error.retry_after_s if isinstance(error, Busy) else None
            return Problem(
                STATUSES[type(error)],
                error.detail,
                title=error.title,
                errors=error.errors,
                retry_after_s=retry_after_s,
            )
        case StoreUndecided():
            detail = (
                "the hub's database has not answered: it may have taken the change, "
                "so look before you send it again"
            )
            return Problem(503, detail, retry_after_s=STORE_RETRY_AFTER_S)
        case StoreUnavailable():
            detail = "the hub's database does not answer; nothing was changed, try again"
            return Problem(503, detail, retry_after_s=STORE_RETRY_AFTER_S)
        case HTTPException():
            return Problem(error.status_code, str(error.detail))
        case HubError():
            log.error("%s", error)
        case _:
            log.exception("fault while answering", exc_info=error)
    return Problem(500, "this is recorded in the hub's log")


def json_answer(problem: Problem) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "errors": [
            {"field": field[:FIELD_MAX_CHARS], "message": message[:TEXT_MAX_CHARS]}
            for field, message in problem.errors
        ],
    }
    return Response(msgspec.json.encode(body), problem.status, problem.headers(), media_type=CONTENT_TYPE)
