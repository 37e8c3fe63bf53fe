"""Whether a hook is well: what each outcome does to its count, its pace and its state.

Owns the state machine of a hook (docs/delivery.md, "When a hook fails"), which is a circuit breaker with slow
start. Pure: `now` and chance are arguments. No outcome ever switches a hook on: only a person or the hook's
own app does.

    active ──failure──▶ failing ──failure × failure_limit──▶ auto_disabled ──enable──▶ active
       ▲                   │                                   ▲
       └─────success───────┘      410 ─▶ gone (app, api) or ───┘ (page)   disable ─▶ disabled ─enable─▶ active
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec.structs import replace

from hub.rules import filters
from hub.rules.outcome import Outcome
from hub.rules.retry import delay_s

State = Literal["active", "failing", "disabled", "auto_disabled", "gone"]
NEEDING_ATTENTION: tuple[State, ...] = ("failing", "auto_disabled")
"""States that somebody should look at."""
LIVE: tuple[State, ...] = ("active", "failing")
"""States in which a hook is sent to."""
ROUTED: tuple[State, ...] = ("active", "failing", "auto_disabled")
"""States in which a hook gets new deliveries; those of an auto_disabled one are held."""

SLOW_S = 1.0
"""A request that takes longer makes its hook a slow one, which shares a bounded part of the senders with the
other slow ones.
"""

COUNT_AHEAD_MAX_S = 86_400.0
"""Outcomes may be judged late, and out of order, but never by so much."""

GONE_REASON = "the target answered 410 Gone: it asks for no more events"
GONE_OTHERWISE = "the target is gone for good: "
"""What begins the reason of one that said it in another way, as chats and mail servers do."""

GONE_STATUS = 410

DEFAULT_PAUSE_S = 5.0
"""The pause of a failing hook when the retry schedule is empty."""


class Health(msgspec.Struct, frozen=True):
    """The part of a hook that outcomes change. Times are epoch seconds."""

    state: State = "active"
    consecutive_failures: int = 0
    counted_until: float = 0.0
    """When the last counted failure ended: a request that began earlier belongs to the same bad moment."""
    slow_start: int | None = None
    """How many requests may be in flight during slow start; None when it is over."""
    open_until: float | None = None
    """Until when the circuit breaker is open: no request before, then one at a time as a probe. None =
    closed.
    """
    last_error: str | None = None
    last_success_at: float | None = None
    disabled_reason: str | None = None
    disabled_at: float | None = None
    is_slow: bool = False

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def allowance(self, max_in_flight: int, in_flight: int) -> int:
        """How many more requests may start now."""
        return max(0, min(max_in_flight, self.slow_start or max_in_flight) - in_flight)


@dataclass(frozen=True, slots=True)
class Switched:
    """A hook that went off, is gone or is on again."""

    hook_id: str
    project_id: int
    before: State
    after: State
    reason: str = ""
    """Why it is off, for people; empty when it is on."""


def judge(
    health: Health,
    outcome: Outcome,
    *,
    failed_at: float | None = None,
    is_halved: bool = False,
    origin: str,
    failure_limit: int,
    schedule: Sequence[float],
    max_in_flight: int,
    chance: float,
) -> Health:
    """The hook's health after one outcome. Outcomes are to be judged in the order in which they ended.

    `failed_at`: when this delivery failed for the first time; None when it has not failed before.
    `is_halved`: it went with others, and goes again in two halves. Of these failures in a row the first
    counts, and then that of the event that is alone at last: in between it is being found, one request after
    the other.
    """
    if outcome.kind == "success":
        return _after_success(health, outcome, max_in_flight)
    if outcome.kind == "later":
        return _after_later(health, outcome)
    if outcome.kind not in ("failure", "gone"):
        return replace(health, last_error=outcome.reason)
    failed = replace(health, last_error=outcome.reason)
    if outcome.kind == "gone" and (health.is_live or (origin != "page" and health.state != "gone")):
        return _after_gone(failed, outcome, origin)
    if (
        not health.is_live
        or (is_halved and health.consecutive_failures > 0)
        or _is_counted_already(health, outcome)
        or _blames_event(health, outcome, failed_at)
    ):
        return failed
    return _after_counted_failure(failed, outcome, failure_limit, schedule, chance)


def stays_well(health: Health, outcomes: Iterable[Outcome]) -> bool:
    """Whether all that these outcomes change is when the last success was, as with most of most hooks."""
    is_well = (
        health.state == "active"
        and health.slow_start is None
        and health.open_until is None
        and health.consecutive_failures == 0
        and health.last_error is None
        and not health.is_slow
    )
    return is_well and all(one.kind == "success" and one.duration_s <= SLOW_S for one in outcomes)


def cleared(health: Health) -> Health:
    """After a 2xx to a ping: a failing hook is taken at its word; any other keeps its state."""
    if health.state != "failing":
        return health
    return replace(health, state="active", consecutive_failures=0, slow_start=1, open_until=None)


def enabled(health: Health) -> Health:
    """After a person or the app switched it on: the count starts anew, and the pace at one."""
    if health.is_live:
        return health
    return replace(
        health,
        state="active",
        consecutive_failures=0,
        slow_start=1,
        open_until=None,
        disabled_reason=None,
        disabled_at=None,
        last_error=None,
    )


def stopped(health: Health, reason: str, now: float) -> Health:
    """After a delivery of a hook that is sent to in order has failed for good, and the rest is to wait for
    somebody to look.
    """
    if not health.is_live:
        return health
    return replace(health, state="auto_disabled", disabled_reason=reason, disabled_at=now, open_until=None)


def disabled(health: Health, reason: str, now: float) -> Health:
    """After a person or the app switched it off."""
    if health.state in ("disabled", "gone"):
        return health
    return replace(health, state="disabled", disabled_reason=reason, disabled_at=now, open_until=None)


def _after_success(health: Health, outcome: Outcome, max_in_flight: int) -> Health:
    well = replace(
        health,
        consecutive_failures=0,
        last_error=None,
        last_success_at=outcome.ended_at,
        is_slow=outcome.duration_s > SLOW_S,
    )
    if health.state == "failing":
        return replace(well, state="active", slow_start=1, open_until=None)
    if health.open_until is not None and outcome.started_at >= health.open_until:
        well = replace(well, open_until=None)  # the pause that the receiver asked for is over
    if health.state != "active" or health.slow_start is None:
        return well
    # One more per success is twice as many per round: 1, 2, 4 … in flight, as TCP's slow start (RFC 5681
    # §3.1).
    grown = health.slow_start + 1
    return replace(well, slow_start=grown if grown < max_in_flight else None)


def _after_later(health: Health, outcome: Outcome) -> Health:
    """The receiver is well and asks for a pause: the hook waits as long, and begins again with one
    request.
    """
    told = replace(health, last_error=outcome.reason)
    if not health.is_live:
        return told
    return replace(
        told, slow_start=1, open_until=max(health.open_until or 0.0, outcome.resume_at or outcome.ended_at)
    )


def _is_counted_already(health: Health, outcome: Outcome) -> bool:
    """True for a request that began before the last counted failure ended.

    A count from a day ahead was made by a clock that has since stepped back, and counts for nothing.
    """
    return outcome.started_at < health.counted_until < outcome.ended_at + COUNT_AHEAD_MAX_S


def says_gone(health: Health) -> bool:
    """Whether it is off because its target wants no more events."""
    reason = health.disabled_reason or ""
    return reason == GONE_REASON or reason.startswith(GONE_OTHERWISE)


def stands_still_for_its_filter(health: Health) -> bool:
    """Whether it is off because the hub could not read its filter, and for nothing else."""
    return health.state == "auto_disabled" and filters.is_unreadable(health.disabled_reason)


def _blames_event(health: Health, outcome: Outcome, failed_at: float | None) -> bool:
    """True when the receiver refuses one event that it cannot digest: others have got through since this one
    failed first.

    Counting its further tries would switch off a hook that is well, as soon as nothing else is published.
    """
    if not outcome.blames_event or failed_at is None:
        return False
    return health.last_success_at is not None and health.last_success_at > failed_at


def _after_gone(health: Health, outcome: Outcome, origin: str) -> Health:
    """410 ends a subscription at once; a hook that a person made is only switched off, for that person to
    see.
    """
    return replace(
        health,
        state="auto_disabled" if origin == "page" else "gone",
        consecutive_failures=health.consecutive_failures + 1,
        counted_until=outcome.ended_at,
        open_until=None,
        disabled_reason=GONE_REASON
        if outcome.status in (None, GONE_STATUS)
        else f"{GONE_OTHERWISE}{outcome.reason or outcome.status}",
        disabled_at=outcome.ended_at,
    )


def _after_counted_failure(
    health: Health, outcome: Outcome, failure_limit: int, schedule: Sequence[float], chance: float
) -> Health:
    count = health.consecutive_failures + 1
    failing = replace(
        health,
        state="failing",
        consecutive_failures=count,
        counted_until=outcome.ended_at,
        slow_start=1,
        is_slow=True,
    )
    if 0 < failure_limit <= count:
        return replace(
            failing,
            state="auto_disabled",
            open_until=None,
            disabled_reason=f"{_failed(count)}, the last: {outcome.reason}",
            disabled_at=outcome.ended_at,
        )
    if count == 1:
        return failing
    pause_s = delay_s(schedule, count, chance) if schedule else DEFAULT_PAUSE_S
    open_until = max(outcome.ended_at + pause_s, outcome.resume_at or 0.0, health.open_until or 0.0)
    return replace(failing, open_until=open_until)


def _failed(count: int) -> str:
    return "1 request failed" if count == 1 else f"{count} requests in a row failed"
