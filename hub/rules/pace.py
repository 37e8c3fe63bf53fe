"""The pace of a hook: how many requests in what time, how late, how often again.

Owns the fields `rate_limit`, `digest`, `delay_s`, `ordering`, `fifo_on_failure` and `retry_schedule_s`:
their bounds, their messages, how they are kept, and what they mean in words. Pure. Step before: `hook_fields`
checks a hook. Step after: the claim and the record of an outcome go by it (docs/pace.md).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, get_args

from connectors import registry
from hub.errors import FieldError

COUNT_MAX = 10_000
PER_S_MIN = 0.1
LONGEST_S = 86_400.0
"""Of a delay, a step of a schedule, and the time of a rate."""
STEPS_MAX = 50
DIGEST_MAX = 500
"""Events of one request."""
WINDOW_MIN_S = 0.1
_KEPT_MAX = 10_000


Ordering = Literal["none", "fifo"]
OnFailure = Literal["wait", "hold"]
_CHOICES: dict[str, tuple[str, ...]] = {
    "ordering": get_args(Ordering),
    "fifo_on_failure": get_args(OnFailure),
}


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many at once, and so many in so many seconds, evenly."""

    count: int
    per_s: float


@dataclass(frozen=True, slots=True)
class Digest:
    """What comes within a window goes together, in one request; at once when `max` wait."""

    window_s: float
    max: int


@dataclass(frozen=True, slots=True)
class Pace:
    """None: the hook has none of its own."""

    rate_limit: RateLimit | None = None
    delay_s: float | None = None
    ordering: Ordering = "none"
    fifo_on_failure: OnFailure = "wait"
    """In order, of one that has failed for good: it is given up (`wait`), or the hook stops (`hold`)."""
    retry_schedule_s: tuple[float, ...] | None = None
    digest: Digest | None = None

    @property
    def is_fifo(self) -> bool:
        """One after the other, in the order in which they came."""
        return self.ordering == "fifo"

    @property
    def is_single(self) -> bool:
        """One request under way at a time."""
        return self.is_fifo or self.digest is not None

    def given(self) -> dict[str, Any]:
        """Name → value of what differs from a hook without any."""
        return {name: value for name in FIELDS if (value := getattr(self, name)) != getattr(PLAIN, name)}

    def schedule(self, usual: Sequence[float]) -> Sequence[float]:
        """After how long a delivery is tried again."""
        return usual if self.retry_schedule_s is None else self.retry_schedule_s

    @property
    def json(self) -> str | None:
        """As it is stored; None where there is nothing to store."""
        values = {
            name: asdict(value) if isinstance(value, RateLimit | Digest) else value
            for name, value in self.given().items()
        }
        return json.dumps(values) if values else None


FIELDS: tuple[str, ...] = tuple(one.name for one in fields(Pace))
PLAIN = Pace()


@dataclass(frozen=True, slots=True)
class Entry:
    """How an event enters the queue of a hook that does not take it at once."""

    delay_s: float = 0.0
    is_fifo: bool = False


@lru_cache(_KEPT_MAX)
def stored(text: str | None) -> Pace:
    """The pace that was stored."""
    if text is None:
        return PLAIN
    values = json.loads(text)
    rate, digest = values.get("rate_limit"), values.get("digest")
    steps = values.get("retry_schedule_s")
    return Pace(
        rate_limit=rate and RateLimit(**rate),
        digest=digest and Digest(**digest),
        delay_s=values.get("delay_s"),
        ordering=values.get("ordering", "none"),
        fifo_on_failure=values.get("fifo_on_failure", "wait"),
        retry_schedule_s=None if steps is None else tuple(steps),
    )


def entry_of(pace: Pace) -> Entry | None:
    """None: at once."""
    return Entry(pace.delay_s or 0.0, pace.is_fifo) if pace.delay_s or pace.is_fifo else None


@lru_cache(_KEPT_MAX)
def in_force(text: str | None, form: str) -> tuple[Pace, RateLimit | None]:
    """The pace that was stored of a hook in this format, and its rate; each claim asks that of many."""
    own = stored(text)
    return own, rate_of(own, form)


def rate_of(pace: Pace, form: str) -> RateLimit | None:
    """The rate of a hook in this format: its own, else what the format's receiver takes; None: no bound."""
    if pace.rate_limit is not None:
        return pace.rate_limit
    try:
        usual = registry.format_of(form).limits.rate
    except LookupError:
        return None
    return None if usual is None else RateLimit(*usual)


def errors_in(given: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with those fields of a pace that are given, by name."""
    errors: list[FieldError] = []
    rate = given.get("rate_limit")
    if rate is not None:
        if not (_is_whole(rate.count) and 1 <= rate.count <= COUNT_MAX):
            errors.append(("rate_limit.count", f"must be a whole number from 1 to {COUNT_MAX}"))
        if not _is_within(rate.per_s, PER_S_MIN):
            errors.append(("rate_limit.per_s", f"must be from {PER_S_MIN:g} to {LONGEST_S:.0f} seconds"))
    digest = given.get("digest")
    if digest is not None:
        if not _is_within(digest.window_s, WINDOW_MIN_S):
            errors.append(("digest.window_s", f"must be from {WINDOW_MIN_S:g} to {LONGEST_S:.0f} seconds"))
        if not (_is_whole(digest.max) and 1 <= digest.max <= DIGEST_MAX):
            errors.append(("digest.max", f"must be a whole number from 1 to {DIGEST_MAX}"))
    delay_s = given.get("delay_s")
    if delay_s is not None and not _is_within(delay_s):
        errors.append(("delay_s", f"must be from 0 to {LONGEST_S:.0f} seconds"))
    for name, choices in _CHOICES.items():
        if given.get(name, choices[0]) not in choices:
            errors.append((name, f"must be one of {', '.join(choices)}"))
    steps = given.get("retry_schedule_s")
    if steps is not None and len(steps) > STEPS_MAX:
        errors.append(("retry_schedule_s", f"has {len(steps)} steps; {STEPS_MAX} is the most"))
    errors += [
        (f"retry_schedule_s[{n}]", f"must be from 0 to {LONGEST_S:.0f} seconds")
        for n, step in enumerate((steps or ())[:STEPS_MAX])
        if not _is_within(step)
    ]
    return errors


def rate_words(rate: RateLimit) -> str:
    """What a rate means: it is no number in a window."""
    between_s = rate.per_s / rate.count
    if between_s == 1:
        each = "one a second"
    else:
        each = (
            f"one every {seconds(between_s).removeprefix('1 ')}"
            if between_s > 1
            else f"{_number(1 / between_s)} a second"
        )
    return each if rate.count == 1 else f"up to {rate.count} at once, then {each}"


def digest_words(digest: Digest) -> str:
    """How events are gathered."""
    return f"events of {seconds(digest.window_s)} in one request, at once when there are {digest.max}"


def schedule_words(steps: Sequence[float]) -> str:
    """After how long a delivery is tried again."""
    return "after " + ", ".join(seconds(step) for step in steps) if steps else "never"


def longest_words(steps: Sequence[float]) -> str:
    """How long a delivery may be tried by a schedule."""
    hours = sum(steps) / 3_600
    if hours > 2:
        return f"{math.ceil(hours)} hours"
    return seconds(60 * math.ceil(sum(steps) / 60)) if sum(steps) > 60 else seconds(sum(steps))


def words(own: Pace, form: str, usual_schedule_s: Sequence[float]) -> list[str]:
    """What is special about the pace of a hook in this format: a sentence each, without its full stop."""
    said = []
    rate = rate_of(own, form)
    if rate is not None:
        usual = "" if own.rate_limit else f", as {registry.format_of(form).name or form} takes them"
        said.append(f"{rate_words(rate)}{usual}")
    if own.digest is not None:
        said.append(digest_words(own.digest))
    if own.delay_s:
        said.append(f"each event {seconds(own.delay_s)} after it came in")
    if own.is_fifo:
        then = "the hook stops" if own.fifo_on_failure == "hold" else "it is given up"
        longest = longest_words(own.schedule(usual_schedule_s))
        said.append(f"in order: one event can stop the others for up to {longest}, then {then}")
    if own.retry_schedule_s is not None:
        said.append(f"tried again {schedule_words(own.retry_schedule_s)}")
    return said


def seconds(value: float) -> str:
    """A span of time as people say it."""
    for size, one in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if value >= size and value % size == 0:
            return f"{value / size:.0f} {one}{'' if value == size else 's'}"
    return f"{_number(value)} s"


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1_000 else f"{value:.0f}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_within(value: float, minimum: float = 0.0) -> bool:
    return math.isfinite(value) and minimum <= value <= LONGEST_S
