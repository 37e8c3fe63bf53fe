"""One delivery: its tries, how long each phase of one took, and the request and answer side by side.

Owns `/projects/KEY/deliveries/ID`. Bodies and headers are shown to who manages the project; secrets are
masked where they were kept (`engine.delivery`), so nothing here could show one.
"""

import shlex
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from hub.errors import NotFound
from hub.logs import MASK
from hub.operations import hook_access
from hub.rules import pace
from hub.rules.access import refusal, sees_bodies
from hub.rules.outcome import Outcome
from hub.store.attempts import Attempt
from hub.store.history import Batch, Delivery
from hub.store.hooks import Hook
from hub.web import charts
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, Redirect, View
from hub.web.rendering import milliseconds

PHASES = ("Name", "Connect", "TLS", "Send", "Wait for answer", "Read")
_MAIL = "MAIL"
_PUBLISH = "PUBLISH"
SIGNATURES = ("webhook-signature", "x-icescrum-signature", "x-hub-signature", "x-hub-signature-256")
"""Made of a secret and good for minutes: shown to nobody."""
PLAIN_HEADERS = {
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "connection",
    "content-encoding",
    "content-language",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "retry-after",
    "server",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "via",
    "x-content-type-options",
    "x-powered-by",
}
"""Response headers that hold no secret."""


def show(request: PageRequest) -> View:
    services, requester, project = request.services, request.requester, request.project
    delivery = services.deliveries.get(requester, project, request.path["id"])
    hook = _hook(request, delivery)
    attempts = services.deliveries.attempts(project, delivery)
    chosen = _chosen(request, [attempt for attempt, _ in attempts])
    batch = services.deliveries.batch_of(delivery)
    tuned = services.settings.recent()
    may_retry = (
        hook is not None
        and refusal(requester, hook_access.origin_of(hook), "redeliver") is None
        and delivery.state not in ("sending", "held", "cancelled")
        and delivery.state != "delivered"
        and not project.is_archived
    )
    values: dict[str, Any] = {
        "here": "hooks",
        "delivery": delivery,
        "hook": hook,
        "batch": batch,
        "hook_title": words.title(hook) if hook else "a deleted hook",
        "attempts": [_step(attempt.number, attempt.outcome) for attempt, _ in attempts],
        "chosen": None if chosen is None else _try(request, attempts, chosen),
        "went_with": None if chosen is None else _went_with(chosen, delivery, batch),
        "tries_most": 1 + len((hook.pace if hook else pace.PLAIN).schedule(tuned.retry_schedule_s)),
        "may_retry": may_retry,
        "reason": delivery.reason or "",
        "under_state": words.under_delivery(delivery),
        "held_until": words.delivery_held_until(delivery, hook, tuned) if hook else None,
    }
    return View(values)


def retry(request: PageRequest) -> Redirect:
    delivery = request.services.deliveries.retry(request.requester, request.project, request.path["id"])
    path = f"/projects/{request.project.key}/deliveries/{delivery.id}"
    return Redirect(path, "It is sent once more. Refresh to see what came of it.")


def _hook(request: PageRequest, delivery: Delivery) -> Hook | None:
    """None for a hook that was deleted."""
    try:
        return request.services.subscriptions.get(request.requester, request.project, delivery.hook_id)
    except NotFound:
        return None


def _chosen(request: PageRequest, attempts: Sequence[Attempt]) -> Attempt | None:
    """The try that is asked for, else the last one."""
    wanted = request.query.get("attempt", "")
    found = next((attempt for attempt in attempts if str(attempt.number) == wanted), None)
    return found or (attempts[-1] if attempts else None)


def _step(number: int, outcome: Outcome) -> dict[str, Any]:
    return {
        "number": number,
        "is_good": outcome.kind == "success",
        "words": _result(outcome),
        "at": outcome.started_at,
        "took": milliseconds(outcome.duration_s * 1000),
    }


def _result(outcome: Outcome) -> str:
    if outcome.kind == "success" and outcome.status is not None:
        return f"answered {outcome.status}"
    if outcome.kind == "success" and outcome.method == _PUBLISH:
        return "taken by the broker"
    return outcome.reason or outcome.kind


def _try(
    request: PageRequest, attempts: Sequence[tuple[Attempt, bytes | None]], chosen: Attempt
) -> dict[str, Any]:
    """Everything about one try."""
    outcome = chosen.outcome
    sent = next((body for attempt, body in attempts if attempt.number == chosen.number), None)
    shows_bodies = sees_bodies(request.requester)
    return {
        **_step(chosen.number, outcome),
        "result": f"{outcome.status} {_phrase(outcome)}" if outcome.status else _result(outcome),
        "reason": outcome.reason or "",
        "peer": outcome.peer,
        "was_sent": outcome.was_sent,
        "phases": _phases(outcome),
        "phases_chart": _phases_chart(outcome),
        "shows_bodies": shows_bodies,
        "method": outcome.method,
        "url": outcome.url,
        "connection": outcome.host if outcome.method == _PUBLISH else "",
        "request_bytes": len(sent) if sent is not None else None,
        "request_pretty": words.pretty(sent) if sent is not None and shows_bodies else "",
        "request_raw": words.text(sent) if sent is not None and shows_bodies else "",
        "request_headers": _shown_headers(list(outcome.request_headers.items())),
        "curl": _curl(outcome, sent)
        if sent is not None and shows_bodies and outcome.method not in (_MAIL, _PUBLISH)
        else "",
        "status": outcome.status,
        "is_answered": outcome.is_answered,
        "response_pretty": words.pretty(outcome.response_body) if shows_bodies else "",
        "response_raw": words.text(outcome.response_body) if shows_bodies else "",
        "response_bytes": len(outcome.response_body),
        "response_headers": _response_headers(outcome, shows_bodies),
    }


def _went_with(chosen: Attempt, delivery: Delivery, batch: Batch | None) -> dict[str, str] | None:
    """The batch of a try whose request and answer are kept with another delivery, the first of it; which one
    that is is known of the last batch only.
    """
    outcome = chosen.outcome
    if batch is None or outcome.request_body is not None or not outcome.request_headers:
        return None
    batch_id = outcome.request_headers.get("webhook-id") or delivery.batch_id or ""
    return {"id": batch_id, "first_id": batch.first_id if batch_id == delivery.batch_id else ""}


def _phrase(outcome: Outcome) -> str:
    """A mail server's numbers mean something else."""
    if outcome.method == _MAIL or outcome.status is None:
        return ""
    try:
        return HTTPStatus(outcome.status).phrase
    except ValueError:
        return ""


def _phases(outcome: Outcome) -> list[tuple[str, str, bool]]:
    """(word, time, is the longest) of each phase that took any."""
    spent = outcome.phases_ms
    return [
        (word, milliseconds(value), value == max(spent))
        for word, value in zip(PHASES, spent, strict=False)
        if value >= 0.05
    ]


def _phases_chart(outcome: Outcome) -> Any:
    if not any(outcome.phases_ms):
        return ""
    said = ", ".join(f"{word.lower()} {took}" for word, took, _ in _phases(outcome))
    return charts.phases(outcome.phases_ms, f"Phases: {said}")


def _shown_headers(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Signatures are masked too: whoever has one can pass for the hub until it is too old."""
    return [(name, MASK if name.lower() in SIGNATURES else value) for name, value in headers]


def _response_headers(outcome: Outcome, shows_all: bool) -> list[tuple[str, str]]:
    """What a receiver puts into a header may be a secret: whoever sees no bodies sees the values of those
    that hold none.
    """
    return [
        (name, value if shows_all or name.lower() in PLAIN_HEADERS else MASK)
        for name, value in outcome.response_headers
    ]


def _curl(outcome: Outcome, body: bytes) -> str:
    """The same request as a command, what is masked as a variable."""
    lines = [f"curl -X {outcome.method} {shlex.quote(outcome.url)}"]
    for name, value in outcome.request_headers.items():
        if value == MASK or name.lower() in SIGNATURES:
            variable = "HEADER_" + "".join(c if c.isalnum() and c.isascii() else "_" for c in name).upper()
            lines.append(f'-H "{name}: ${variable}"')
        else:
            lines.append(f"-H {shlex.quote(f'{name}: {value}')}")
    lines.append(f"--data-binary {shlex.quote(words.text(body))}")
    return " \\\n  ".join(lines)


_DELIVERY = "/projects/{key}/deliveries/{id}"

PAGES = (
    Page("GET", _DELIVERY, show, "deliveries/delivery.html", ("read", "manage")),
    Page("POST", f"{_DELIVERY}/retry", retry, scopes=("manage",)),
)
