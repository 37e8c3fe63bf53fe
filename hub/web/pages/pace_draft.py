"""The pace of a hook as it is typed into its form.

Owns the way between the form's fields, which take `5m` and `1, 30, 2h`, and those of a `HookChange`. What a
value may be is checked by `rules.pace`. Step before: `hook_draft` reads the form. Step after: `hook_form`
shows it again with what is wrong, or saves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors import registry
from hub.rules import pace, quantities
from hub.rules.pace import Digest, Pace, RateLimit
from hub.web.body import Form


@dataclass(frozen=True, slots=True)
class PaceDraft:
    """The fields as they are shown; empty: none of its own."""

    rate_count: str = ""
    rate_per_s: str = ""
    digest_window_s: str = ""
    digest_max: str = ""
    delay_s: str = ""
    is_fifo: bool = False
    fifo_on_failure: str = "wait"
    retry_schedule_s: str = ""

    @property
    def is_empty(self) -> bool:
        return self == PaceDraft()


def of_pace(own: Pace) -> PaceDraft:
    rate, digest, steps = own.rate_limit, own.digest, own.retry_schedule_s
    return PaceDraft(
        rate_count="" if rate is None else str(rate.count),
        rate_per_s="" if rate is None else f"{rate.per_s:g}",
        digest_window_s="" if digest is None else f"{digest.window_s:g}",
        digest_max="" if digest is None else str(digest.max),
        delay_s="" if own.delay_s is None else f"{own.delay_s:g}",
        is_fifo=own.is_fifo,
        fifo_on_failure=own.fifo_on_failure,
        retry_schedule_s="" if steps is None else ", ".join(f"{step:g}" for step in steps) or _NEVER,
    )


def of_form(form: Form) -> PaceDraft:
    names = ("rate_count", "rate_per_s", "digest_window_s", "digest_max", "delay_s", "retry_schedule_s")
    return PaceDraft(
        **{name: form.get(name, "").strip() for name in names},
        is_fifo="fifo" in form,
        fifo_on_failure=form.get("fifo_on_failure", "wait"),
    )


def read(draft: PaceDraft) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The fields of a `HookChange`, and (field, message) for those that cannot be read."""
    values, errors = {}, []
    for name, read_field in _READ.items():
        try:
            values[name] = read_field(draft)
        except ValueError as error:
            errors.append((name, str(error)))
    return values, errors


def usual_rate(form: str) -> str:
    """What a hook in this format gets where nothing is set; empty: no bound."""
    rate = pace.rate_of(pace.PLAIN, form)
    return (
        "" if rate is None else f"what {registry.format_of(form).name or form} takes, {pace.rate_words(rate)}"
    )


_NEVER = "[]"


def _rate(draft: PaceDraft) -> RateLimit | None:
    if not (draft.rate_count or draft.rate_per_s):
        return None
    if not (draft.rate_count and draft.rate_per_s):
        raise ValueError("needs both: how many requests, and in how many seconds")
    count: Any = quantities.read(draft.rate_count, "requests")  # `rules.pace` wants it whole
    return RateLimit(count, quantities.read(draft.rate_per_s, "seconds"))


def _digest(draft: PaceDraft) -> Digest | None:
    if not draft.digest_window_s:
        if draft.digest_max:
            raise ValueError("needs a window too: for how long events are gathered")
        return None
    most: Any = quantities.read(draft.digest_max, "events") if draft.digest_max else pace.DIGEST_MAX
    return Digest(quantities.read(draft.digest_window_s, "seconds"), most)


def _delay(draft: PaceDraft) -> float | None:
    return quantities.read(draft.delay_s, "seconds") if draft.delay_s else None


def _schedule(draft: PaceDraft) -> tuple[float, ...] | None:
    if not draft.retry_schedule_s:
        return None
    return tuple(quantities.read(step, "seconds") for step in quantities.split(draft.retry_schedule_s))


_READ: dict[str, Callable[[PaceDraft], Any]] = {
    "rate_limit": _rate,
    "digest": _digest,
    "delay_s": _delay,
    "ordering": lambda draft: "fifo" if draft.is_fifo else "none",
    "fifo_on_failure": lambda draft: draft.fifo_on_failure if draft.is_fifo else "wait",
    "retry_schedule_s": _schedule,
}
