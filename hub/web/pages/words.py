"""What pages say of hooks and numbers: the second line of a state, what a hook wants, where it came from.

Pure functions of values; the words are those of the design, one for each thing.
"""

import re
from collections.abc import Iterable, Sequence

import msgspec

from connectors import registry
from hub.operations import hook_access
from hub.operations.overview import OPEN_MAX, HookRow, Hours
from hub.rules.health import GONE_OTHERWISE, Health, says_gone
from hub.rules.matching import Subscription
from hub.rules.settings import Settings
from hub.store.history import Delivery
from hub.store.hooks import Hook
from hub.web.rendering import milliseconds

EVENTS_SHOWN = 3
DAY_S = 86_400
LABELS = {
    "target_url": "Target URL",
    "events": "Events",
    "filter": "Only when",
    "name": "Name",
    "format": "Format",
    "secret": "Secret",
    "headers": "Extra headers",
    "settings": "Settings",
    "template": "Its own text",
    "rate_limit": "At most",
    "digest": "Gather events",
    "delay_s": "Delay",
    "fifo_on_failure": "Order",
    "retry_schedule_s": "Tried again after",
    "verify_ssl": "Certificate",
    "enabled": "Switched on",
    "manual_edit": "By hand",
    "event_type": "Event type",
    "cron": "When",
    "every_s": "Seconds",
    "time_zone": "Time zone",
    "misfire": "When the hub was down",
    "grace_s": "So late is still on time",
    "type": "Type",
    "data": "Data",
    "scopes": "May",
    "expires_at": "Ends",
    "until": "Until",
    "overlap_hours": "Overlap",
}
"""Field of the API → what a form calls it."""
_PARTS = {"headers": "Header", "settings": "Setting", "rate_limit": "At most:"}
"""Fields that are of parts with names of their own."""
FORMAT_WORDS = {
    "standard": "id, type, timestamp, project, data",
    "icescrum": "the object itself, x-icescrum-event",
    "github": "the object itself, X-GitHub-Event",
    "cloudevents": "CloudEvents 1.0",
    "email": "a mail to each address",
}
"""What programs get."""
DELIVERY_WORDS = {
    "waiting": "Waiting",
    "retrying": "Retrying",
    "held": "Held",
    "sending": "Sending",
    "delivered": "Delivered",
    "failed": "Failed",
    "refused": "Refused",
    "cancelled": "Cancelled",
}


def format_name(key: str) -> str:
    """What people call a chat or mail; empty for what programs read, which is known by its key."""
    found = registry.find_format(key)
    return "" if found is None or found.makes == "json" else found.name or key


def format_words(key: str) -> str:
    """A format as a form offers it."""
    if key in FORMAT_WORDS:
        return f"{key}: {FORMAT_WORDS[key]}"
    return format_name(key) or key


def title(hook: Hook) -> str:
    """What a hook is called: its name, else its host."""
    return hook.name or hook.target_url.partition("://")[2].partition("/")[0] or hook.shown_url


def address(hook: Hook) -> str:
    """Its target without the scheme."""
    return hook.shown_url.partition("://")[2] or hook.shown_url


def number(count: int, most: int = 0) -> str:
    """`1,204`; `10,000+` for what was counted no further than `most`."""
    return f"{count:,}+" if most and count >= most else f"{count:,}"


def counted(count: int, one: str, many: str) -> str:
    """`1 delivery`, `37 deliveries`."""
    return f"{number(count)} {one if count == 1 else many}"


def _gone(health: Health) -> str:
    is_other = (health.disabled_reason or "").startswith(GONE_OTHERWISE)
    return "gone for good" if is_other else "answered 410"


def under_state(row: HookRow, failure_limit: int) -> str:
    """The line below a hook's state in a list."""
    hook = row.hook
    health = hook.health
    if hook.state == "failing":
        failures = health.consecutive_failures
        return f"{failures} of {failure_limit} in a row" if failure_limit else f"{failures} in a row"
    if hook.state == "auto_disabled":
        if says_gone(health):
            return _gone(health)
        return f"{number(row.open_count, OPEN_MAX)} held"
    if hook.state == "gone":
        return _gone(health)
    if hook.state == "disabled":
        return (health.disabled_reason or "").removeprefix("switched off ").removeprefix("made switched off ")
    return ""


def last_result(hook: Hook) -> tuple[bool, str] | None:
    """Whether its last request succeeded, and in what words; None before the first."""
    last = hook.last
    if last is None:
        return None
    is_good = hook.health.last_success_at is not None and hook.health.last_success_at >= last.at
    if last.status is not None:
        return is_good, f"{last.status} in {milliseconds(last.duration_s * 1000)}"
    if is_good:  # a broker, which has no numbers
        return True, f"taken in {milliseconds(last.duration_s * 1000)}"
    return False, hook.health.last_error or "no answer"


def wants(events: Sequence[str], presets: dict[str, Sequence[str]]) -> str:
    """`story.*, task.*`, `Story events`, `All events`."""
    if tuple(events) == ("*",):
        return "All events"
    if "story" in presets and set(events) == set(presets["story"]):
        return "Story events"
    more = len(events) - EVENTS_SHOWN
    return ", ".join(events[:EVENTS_SHOWN]) + (f" and {more} more" if more > 0 else "")


def types_wanted(events: Sequence[str], codes: Sequence[str]) -> int:
    """How many of the project's types these patterns stand for."""
    subscription = Subscription(tuple(events))
    return sum(subscription.wants_type(code) for code in codes)


def origin(hook: Hook) -> str:
    """`Page`, `API`, or the app's name."""
    if hook.origin_kind == "app":
        return hook_access.app_name(hook.origin_app or "")
    return "API" if hook.origin_kind == "api" else "Page"


def hour_labels(hours: Hours) -> list[str]:
    """`14:00`, in UTC, one for each hour."""
    return [f"{(hours.first + place) % 24:02d}:00" for place in range(len(hours.results))]


def hours_label(hours: Hours) -> str:
    """What a sparkline says to who does not see it."""
    return f"Last 24 hours: {number(sum(hours.delivered))} delivered, {number(sum(hours.failed))} failed"


def held_until(hook: Hook, tuned: Settings) -> float | None:
    """Until when what a hook had open when it went off is held; None for one that is not off."""
    if hook.state not in ("disabled", "auto_disabled") or hook.health.disabled_at is None:
        return None
    return hook.health.disabled_at + tuned.hold_days * DAY_S


def delivery_held_until(delivery: Delivery, hook: Hook, tuned: Settings) -> float | None:
    """Until when this one is held: what came after its hook went off is held as long, from then on."""
    until = held_until(hook, tuned)
    if until is None or delivery.state != "held":
        return None
    return max(until, delivery.created_at + tuned.hold_days * DAY_S)


def paused_until(hook: Hook, now: float) -> float | None:
    """Until when a hook that is well sends nothing, as its target asked; None for one that is not paused."""
    until = hook.health.open_until
    return until if hook.state == "active" and until is not None and until > now else None


def under_delivery(delivery: Delivery) -> str:
    """The line below a delivery's state; its times stand beside it."""
    tries = counted(delivery.attempt_count, "try", "tries")
    if delivery.state == "failed":
        return f"after {tries}"
    if delivery.state == "refused":
        return "by the address policy, not counted"
    return ""


def text(body: bytes) -> str:
    """A body as text; what is no UTF-8 is shown as such."""
    return body.decode("utf-8", "replace")


def pretty(body: bytes) -> str:
    """JSON with a line for each field, its numbers as they are written; anything else as it is."""
    try:
        return text(msgspec.json.format(body, indent=2))
    except (msgspec.DecodeError, ValueError):
        return text(body)


def errors_by_field(errors: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Field of the form → one sentence with its label, from the errors that every door gets."""
    found: dict[str, str] = {}
    for path, message in errors:
        name = re.split(r"[.\[]", path)[0]
        part = _PARTS.get(name) if "." in path else None
        label = f"{part} {path.partition('.')[2]}" if part else LABELS.get(name, name)
        joined = f"{label} {message}" if message[:1].islower() else f"{label}: {message}"
        found[name] = f"{found[name]} {joined}." if name in found else f"{joined.rstrip('.')}."
    return found


def messages_by_field(errors: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Field of the form → what is wrong with it, for a form whose summary names the fields itself."""
    found: dict[str, str] = {}
    for path, message in errors:
        name = re.split(r"[.\[]", path)[0]
        found[name] = f"{found[name]}; {message}" if name in found else message
    return found
