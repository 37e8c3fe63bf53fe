"""Refusals and faults as answers: `application/problem+json`, everywhere the same.

Owns the shape of every error answer (contract §4, RFC 9457). It must never tell a caller more about a fault
of ours than that there was one: the traceback goes to the log.
"""

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from hub.errors import Busy, Conflict, Expired, FieldError, Forbidden, HubError, Invalid, NotFound, Refusal
from hub.rules.payload import PayloadRefused
from hub.rules.settings import SettingRefused
from hub.store.database import StoreUnavailable

log = logging.getLogger("hub.web.api")

KNOWN = (HubError, PayloadRefused, SettingRefused)
"""What handlers raise on purpose; anything else is a bug of ours."""

STATUSES: dict[type[Refusal], int] = {
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    Expired: 410,
    Invalid: 422,
    Busy: 503,
}
"""The one place where a refusal of the layers below becomes a status."""

CONTENT_TYPE = "application/problem+json"
ERRORS_MAX = 100
FIELD_MAX_CHARS = 200
"""Names of fields are the caller's: an answer must not grow with them."""
STORE_RETRY_AFTER_S = 5


class Problem(HubError):
    """A request that is refused by the door itself, with the status that HTTP has for it (RFC 9457).

    `errors` holds one (field, message) pair per wrong field; `retry_after_s` becomes a whole-second Retry-After.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail or title
        self.errors = list(errors)
        self.retry_after_s = retry_after_s


def answer(problem: Problem) -> Response:
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail[:1000],
        "errors": [
            {"field": field[:FIELD_MAX_CHARS], "message": message[:1000]}
            for field, message in problem.errors[:ERRORS_MAX]
        ],
    }
    headers = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="hookhub"'
    return Response(msgspec.json.encode(body), problem.status, headers, media_type=CONTENT_TYPE)


def problem_of(error: Exception) -> Problem:
    """What to answer to any exception; one that nobody expected is logged and answered 500."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, Refusal):
        retry_after_s = error.retry_after_s if isinstance(error, Busy) else None
        return Problem(STATUSES[type(error)], error.title, error.detail, error.errors, retry_after_s)
    if isinstance(error, PayloadRefused):
        return refused_payload(error)
    if isinstance(error, SettingRefused):
        return invalid([("value", str(error))])
    if isinstance(error, StoreUnavailable):
        return Problem(
            503, "Store unavailable", f"{error}; nothing was stored", retry_after_s=STORE_RETRY_AFTER_S
        )
    if isinstance(error, HTTPException):
        return Problem(error.status_code, HTTPStatus(error.status_code).phrase, str(error.detail))
    if isinstance(error, HubError):
        log.error("%s", error)
        return Problem(500, "Fault of the hub", "this is recorded in the hub's log")
    log.exception("fault while answering", exc_info=error)
    return Problem(500, "Fault of the hub", "this is recorded in the hub's log")


def invalid(errors: list[tuple[str, str]]) -> Problem:
    """422 with one entry for each wrong field."""
    return Problem(
        422, "Wrong fields", "; ".join(f"{field}: {message}" for field, message in errors)[:1000], errors
    )


def refused_payload(refused: PayloadRefused) -> Problem:
    titles = {400: "Malformed JSON", 413: "Too large", 422: "Wrong fields"}
    return Problem(refused.status, titles[refused.status], str(refused)[:1000], refused.errors)


async def on_error(request: Request, error: Exception) -> Response:
    """Starlette's handler for whatever a route raises."""
    response = answer(problem_of(error))
    if response.status_code == 405:
        response.headers["Allow"] = ", ".join(_methods_of(request))
    return response


def _methods_of(request: Request) -> list[str]:
    """What the path allows (RFC 9110 §15.5.6): Starlette knows the methods of the first fitting route only,
    and each call is one.

    `/events/preview` also fits `/events/{id}`, but no event has that id.
    """
    fitting = [
        route
        for route in request.app.routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
    ]
    literal = [route for route in fitting if not route.param_convertors]
    return sorted({method for route in literal or fitting for method in route.methods or ()})
