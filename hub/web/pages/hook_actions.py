"""What can be pressed on a hook's page: test, switch on and off, retry, drop what is held, replay, rotate the
secret.

Owns the forms of `/projects/KEY/hooks/ID/…` that change no field. Each goes on to the hook's page, which says
what came of it; who may do what is decided by the operations, as for every door.
"""

from hub.errors import Invalid
from hub.operations.replay_pages import Span
from hub.operations.replays import LEFT_MAX, Count, Progress
from hub.rules import signing_secret
from hub.store.hooks import Hook
from hub.timestamps import iso, parse_iso
from hub.web.pages import hook as hook_page
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, Redirect, View
from hub.web.rendering import milliseconds

TIME_HINT = "Give a time such as 2026-11-23T13:00, in UTC."
ONLY = ("", "failed", "delivered")


def act(request: PageRequest) -> Redirect:
    """One of the buttons `do`."""
    actions = {
        "test": _test,
        "switch_on": _switch_on,
        "switch_off": _switch_off,
        "try_now": _try_now,
    }
    wanted = request.form.get("do", "")
    if wanted not in actions:
        raise Invalid([("do", f"must be one of {', '.join(actions)}")])
    return Redirect(_path(request), actions[wanted](request))


def ask_drop(request: PageRequest) -> View:
    hook = _hook(request)
    row = request.services.overview.hook(request.requester, request.project, hook)
    shown = words.number(row.open_count)
    values = {"hook": hook, "title": words.title(hook), "open_count": row.open_count, "open_words": shown}
    return View({"here": "hooks", **values})


def drop(request: PageRequest) -> Redirect:
    services, requester, project = request.services, request.requester, request.project
    services.subscriptions.check(requester, project, request.path["id"], "switch")
    dropped = services.deliveries.drop(requester, project, request.path["id"])
    services.subscriptions.switch(requester, project, request.path["id"], True)
    return Redirect(
        _path(request), f"Switched on; {words.counted(dropped, 'delivery', 'deliveries')} dropped."
    )


def ask_replay(request: PageRequest) -> View:
    """Count first."""
    hook = _hook(request)
    now = request.services.database.clock.now()
    values = {"here": "hooks", "hook": hook, "title": words.title(hook), "error": ""}
    try:
        span = _span(request.query.get("since", ""), "", request.query.get("only", ""), now)
        count = request.services.replays.count(request.requester, request.project, hook.id, span)
    except Invalid as refused:
        message = refused.errors[0][1]
        return View({**values, "error": message[:1].upper() + message[1:]}, 422)
    return View(
        {
            **values,
            "count": count,
            "words": _counted(count),
            "since": span.since,
            "since_text": iso(span.since),
            "until_text": iso(span.until),
            "only": span.state or "",
        }
    )


def replay(request: PageRequest) -> Redirect:
    form, now = request.form, request.services.database.clock.now()
    span = _span(form.get("since", ""), form.get("until", ""), form.get("only", ""), now)
    request.services.replays.start(request.requester, request.project, request.path["id"], span)
    return Redirect(f"{_path(request)}/replay/progress")


def show_replay(request: PageRequest) -> View:
    """How far the last one is."""
    hook = _hook(request)
    progress = request.services.replays.last(request.requester, request.project, hook.id)
    values = {"here": "hooks", "hook": hook, "title": words.title(hook), "progress": progress}
    if progress is not None:
        left = progress.left
        values |= {
            "planned": words.number(progress.total) + ("+" if _is_open(progress) else ""),
            "sent": words.number(progress.sent),
            "waiting": words.number(
                max(left.waiting, progress.total - progress.sent - left.retrying - left.sending), LEFT_MAX
            ),
            "retrying": words.number(left.retrying, LEFT_MAX),
        }
    return View(values, template="hooks/progress_part.html" if request.wants_part else "")


def rotate(request: PageRequest) -> View | Redirect:
    given = request.form.get("secret", "")
    hours = request.form.get("overlap_hours", "0")
    overlap_hours = float(hours) if hours.isascii() and hours.isdigit() else -1.0
    try:
        saved = request.services.subscriptions.rotate_secret(
            request.requester, request.project, request.path["id"], given or None, overlap_hours
        )
    except Invalid as refused:
        return hook_page.page_of(request, words.errors_by_field(refused.errors), hours)
    said = "The secret is replaced."
    if given or saved.secret is None:
        return Redirect(_path(request), f"{said} {signing_secret.warning(saved.secret)}".rstrip())
    hook = saved.hook
    values = {"hook": hook, "title": words.title(hook), "secret": saved.secret, "said": said}
    return View({"here": "hooks", **values}, template="hooks/secret.html")


def _test(request: PageRequest) -> str:
    sent = request.services.pings.send(request.requester, request.project, request.path["id"])
    outcome = sent.outcome
    took = milliseconds(outcome.duration_s * 1000)
    if outcome.kind == "success":
        return f"Test sent: {outcome.status or 'taken'} in {took}."
    return f"The test failed: {outcome.reason} ({took}). It does not count."


def _switch_on(request: PageRequest) -> str:
    request.services.subscriptions.switch(request.requester, request.project, request.path["id"], True)
    return "Switched on. What was held is sent now, a few at a time at first."


def _switch_off(request: PageRequest) -> str:
    request.services.subscriptions.switch(request.requester, request.project, request.path["id"], False)
    return "Switched off. Nothing more is sent to it."


def _try_now(request: PageRequest) -> str:
    request.services.deliveries.try_now(request.requester, request.project, request.path["id"])
    return "The next delivery is sent now. Refresh to see what came of it."


def _counted(count: Count) -> str:
    """`37`; `10,000+` for what was counted no further."""
    return words.number(count.found) + ("" if count.is_whole else "+")


def _is_open(progress: Progress) -> bool:
    """There may be more to come than is known."""
    return not progress.is_over and not progress.planned.is_whole


def _span(since: str, until: str, only: str, now: float) -> Span:
    """Raises: Invalid."""
    if only not in ONLY:
        raise Invalid([("only", "must be failed, delivered, or empty")])
    try:
        begins = parse_iso(since)
        ends = parse_iso(until) if until else now
    except ValueError:
        raise Invalid([("since", TIME_HINT)]) from None
    if begins > now:
        raise Invalid([("since", "That time is yet to come: give one that is past (UTC).")])
    return Span(max(0.0, begins), min(max(0.0, ends), now), state=only or None)


def _hook(request: PageRequest) -> Hook:
    return request.services.subscriptions.get(request.requester, request.project, request.path["id"])


def _path(request: PageRequest) -> str:
    return f"/projects/{request.project.key}/hooks/{request.path['id']}"


_MANAGE = ("manage",)
_HOOK = "/projects/{key}/hooks/{id}"

PAGES = (
    Page("POST", f"{_HOOK}/actions", act, scopes=_MANAGE),
    Page("GET", f"{_HOOK}/drop", ask_drop, "hooks/drop.html", _MANAGE),
    Page("POST", f"{_HOOK}/drop", drop, scopes=_MANAGE),
    Page("GET", f"{_HOOK}/replay", ask_replay, "hooks/replay.html", _MANAGE),
    Page("POST", f"{_HOOK}/replay", replay, scopes=_MANAGE),
    Page("GET", f"{_HOOK}/replay/progress", show_replay, "hooks/progress.html", _MANAGE),
    Page("POST", f"{_HOOK}/rotate", rotate, scopes=_MANAGE),
)
