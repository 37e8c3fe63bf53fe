"""Schedules of a project: listed with their next times, made, changed, fired by hand, ended.

Owns `/projects/KEY/schedules…`. Step after: `operations.schedules`, as for every other door.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hub.errors import ChangedMeanwhile, Invalid
from hub.operations.schedules import ScheduleChange, ScheduleFields
from hub.rules.schedule import GRACE_DEFAULT_S, in_words
from hub.rules.time_zones import time_zones
from hub.store.schedules import Schedule
from hub.web.body import Form
from hub.web.pages import words
from hub.web.pages.table import Page, PageRequest, Redirect, View

LISTED = 200
_SHAPE = "%a %d %b %Y, %H:%M"


@dataclass(frozen=True, slots=True)
class Draft:
    """The form's fields, as they were typed."""

    name: str = ""
    event_type: str = ""
    by: str = "cron"
    """`cron` or `every`."""
    cron: str = ""
    every_s: str = ""
    time_zone: str = "UTC"
    data: str = ""
    misfire: str = "once"
    grace_s: str = str(GRACE_DEFAULT_S)
    enabled: bool = True


def show_list(request: PageRequest) -> View:
    found = request.services.schedules.list(request.requester, request.project, limit=LISTED)
    rows = [{"schedule": one, "title": _title(one), "rhythm": in_words(one.rhythm)} for one in found]
    return View({"here": "schedules", "rows": rows})


def show_new(request: PageRequest) -> View:
    request.check_open()
    return _form(request, Draft())


def create(request: PageRequest) -> View | Redirect:
    draft = _typed(request.form)
    if "look" in request.form:
        return _form(request, draft)
    try:
        made = request.services.schedules.create(request.requester, request.project, _fields(draft))
    except Invalid as refused:
        return _form(request, draft, _errors(refused))
    return Redirect(_path(request, made.id), "Schedule saved.")


def show(request: PageRequest) -> View:
    found = _schedule(request)
    return _form(request, _draft_of(found), found=found)


def save(request: PageRequest) -> View | Redirect:
    found, draft = _schedule(request), _typed(request.form)
    if "look" in request.form:
        return _form(request, draft, found=found)
    schedules = request.services.schedules
    try:
        change = ScheduleChange(**asdict(_fields(draft)))
        schedules.update(request.requester, request.project, found.id, change, request.opened_at)
    except Invalid as refused:
        return _form(request, draft, _errors(refused), found)
    except ChangedMeanwhile:
        return _form(request, draft, found=_schedule(request), is_older=True)
    return Redirect(_path(request, found.id), "Schedule saved.")


def fire(request: PageRequest) -> Redirect:
    services, schedule_id = request.services, request.path["id"]
    services.schedules.fire(request.requester, request.project, schedule_id)
    return Redirect(
        _path(request, schedule_id), "Fired: its event was published. Its times stay as they are."
    )


def show_times(request: PageRequest) -> View:
    """The next five times of what is typed, while it is typed."""
    return View(_times(request, _typed(request.form), None), template="schedules/times.html")


def ask_delete(request: PageRequest) -> View:
    found = _schedule(request)
    return View({"here": "schedules", "schedule": found, "title": _title(found)})


def delete(request: PageRequest) -> Redirect:
    found = _schedule(request)
    request.services.schedules.delete(request.requester, request.project, found.id)
    return Redirect(_path(request), f"Deleted: {_title(found)}.")


def _form(
    request: PageRequest,
    draft: Draft,
    errors: dict[str, str] | None = None,
    found: Schedule | None = None,
    *,
    is_older: bool = False,
) -> View:
    """With what was typed; `is_older`: somebody else has saved it since the form was opened."""
    latest = None if found is None else found.updated_at
    status = 422 if errors else 200
    values = {
        "here": "schedules",
        "schedule": found,
        "title": "" if found is None else _title(found),
        "rhythm": "" if found is None else in_words(found.rhythm),
        "draft": draft,
        "opened_at": request.opened_as(latest, is_older=is_older),
        "is_older": is_older,
        "errors": errors or {},
        "zones": time_zones(),
        **_times(request, draft, found),
    }
    return View(values, 409 if is_older else status, "schedules/schedule.html")


def _times(request: PageRequest, draft: Draft, found: Schedule | None) -> dict[str, Any]:
    """The next five times in the zone and in UTC: of a schedule as it is saved, else of what is typed."""
    values: dict[str, Any] = {"zone": draft.time_zone, "times": (), "why": ""}
    schedules = request.services.schedules
    if found is not None and draft == _draft_of(found):
        return values | {"times": _shown(schedules.next_times(found), draft.time_zone)}
    if not (draft.cron if draft.by == "cron" else draft.every_s):
        return values | {"why": "Say when, and they are shown here."}
    try:
        moments = schedules.preview(_fields(draft))
    except Invalid as refused:
        return values | {"why": "; ".join(_errors(refused).values())}
    return values | {"times": _shown(moments, draft.time_zone)}


def _shown(moments: tuple[float, ...], zone: str) -> list[tuple[str, str]]:
    here = ZoneInfo(zone)
    return [
        (
            datetime.fromtimestamp(moment, here).strftime(f"{_SHAPE} %Z"),
            datetime.fromtimestamp(moment, UTC).strftime(_SHAPE),
        )
        for moment in moments
    ]


def _typed(form: Form) -> Draft:
    return Draft(
        name=form.get("name", "").strip(),
        event_type=form.get("event_type", "").strip(),
        by="every" if form.get("by") == "every" else "cron",
        cron=" ".join(form.get("cron", "").split()),
        every_s=form.get("every_s", "").strip(),
        time_zone=form.get("time_zone", "").strip() or "UTC",
        data=form.get("data", "").replace("\r\n", "\n").strip(),
        misfire=form.get("misfire", "once"),
        grace_s=form.get("grace_s", "").strip(),
        enabled="enabled" in form,
    )


def _draft_of(found: Schedule) -> Draft:
    return Draft(
        name=found.name,
        event_type=found.event_type,
        by="every" if found.cron is None else "cron",
        cron=found.cron or "",
        every_s="" if found.every_s is None else str(found.every_s),
        time_zone=found.time_zone,
        data="" if found.data == "{}" else json.dumps(json.loads(found.data), ensure_ascii=False, indent=2),
        misfire=found.misfire,
        grace_s=f"{found.grace_s:g}",
        enabled=found.enabled,
    )


def _fields(draft: Draft) -> ScheduleFields:
    """What the form asks for. Raises: Invalid, a number or an object cannot be read."""
    wrong = []
    if draft.by == "every" and not (draft.every_s.isdecimal() and len(draft.every_s) < 10):
        wrong.append(("every_s", "must be a number of seconds, such as 3600"))
    if not (draft.grace_s.isdecimal() and len(draft.grace_s) < 10):
        wrong.append(("grace_s", "must be a number of seconds, such as 60"))
    try:
        data = json.loads(draft.data) if draft.data else {}
    except ValueError as error:
        wrong.append(("data", f"is no JSON: {error}"))
    if wrong:
        raise Invalid(wrong)
    return ScheduleFields(
        event_type=draft.event_type,
        name=draft.name,
        cron=draft.cron if draft.by == "cron" else None,
        every_s=int(draft.every_s) if draft.by == "every" else None,
        time_zone=draft.time_zone,
        data=data,
        enabled=draft.enabled,
        misfire=draft.misfire,
        grace_s=float(draft.grace_s),
    )


def _errors(refused: Invalid) -> dict[str, str]:
    return words.errors_by_field(refused.errors)


def _title(found: Schedule) -> str:
    return found.name or found.event_type


def _schedule(request: PageRequest) -> Schedule:
    return request.services.schedules.get(request.requester, request.project, request.path["id"])


def _path(request: PageRequest, schedule_id: str = "") -> str:
    path = f"/projects/{request.project.key}/schedules"
    return f"{path}/{schedule_id}" if schedule_id else path


_MANAGE = ("manage",)
_SCHEDULES = "/projects/{key}/schedules"
_SCHEDULE = f"{_SCHEDULES}/{{id}}"

PAGES = (
    Page("GET", _SCHEDULES, show_list, "schedules/list.html", _MANAGE),
    Page("GET", f"{_SCHEDULES}/new", show_new, scopes=_MANAGE),
    Page("POST", f"{_SCHEDULES}/new", create, scopes=_MANAGE),
    Page("POST", f"{_SCHEDULES}/times", show_times, "schedules/times.html", _MANAGE),
    Page("GET", _SCHEDULE, show, scopes=_MANAGE),
    Page("POST", _SCHEDULE, save, scopes=_MANAGE),
    Page("POST", f"{_SCHEDULE}/fire", fire, scopes=_MANAGE),
    Page("GET", f"{_SCHEDULE}/delete", ask_delete, "schedules/delete.html", _MANAGE),
    Page("POST", f"{_SCHEDULE}/delete", delete, scopes=_MANAGE),
)
