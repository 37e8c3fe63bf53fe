"""When a delivery is tried again, and when it is given up.

Owns the retry schedule's arithmetic: which step, jitter, Retry-After, the end. Pure: `now` and chance are
arguments, and the hook has no say (a failing one is slowed down by `health`). Step before: an outcome came
back. Step after: `hub.store.deliveries.record` writes the verdict.
"""

import math
from collections.abc import Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from hub.rules.outcome import Outcome
from hub.rules.pace import LONGEST_S

JITTER = 0.2
"""A delay is drawn evenly from ± 20 % of its step, so that a thousand deliveries that failed together do not
return together.
"""

RETRY_AFTER_MAX_S = 86_400.0
"""A receiver may ask for at most a day; RFC 9110 §10.2.3 sets no bound, and receivers have sent 1e9."""

WAIT_MAX_S = 300.0
"""A fault of the hub, and a receiver that asks for a pause without saying how long, are tried again after 2,
4, 8 … and at most so many seconds.
"""

DEFERRALS_MAX = 50
"""So often may a receiver put off one delivery before that counts as failing."""

FAULTS_MAX = 20
"""After so many faults of the hub's own in one delivery it is set aside: something about this one row is
broken.
"""

OUTAGE_FAULTS_MAX = 9
"""A fault in the way (no network, no name server, no descriptor) says nothing about the delivery: it is
counted only until the waits have grown to their longest.
"""

OUTAGE_MAX_S = 7 * 86_400.0
"""A delivery that is older is given up at the next such fault: a receiver that this machine can never reach
must not be tried for ever.
"""

SENT_AGAIN_IN_VAIN = "delivered before, and sent again in vain"

CRASHES_MAX = 3
"""A delivery during which the hub died three times is set aside rather than killing it for ever (poison
pill).
"""


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a delivery after an attempt."""

    state: Literal["delivered", "retrying", "failed", "refused"]
    failures: int
    faults: int
    deferrals: int
    next_at: float | None = None
    reason: str | None = None
    is_gone: bool = False
    """Its subscription is over."""
    has_failed: bool = False
    """Without a failure of its own: it went with others."""


def judge(
    outcome: Outcome,
    *,
    failures: int,
    faults: int,
    deferrals: int = 0,
    age_s: float = 0.0,
    schedule: Sequence[float],
    chance: float,
) -> Verdict:
    """Decide on one delivery. The three counts are those before this outcome, which `settled` has seen;
    `age_s` is how old the delivery is; `chance` is in [0, 1).
    """
    if outcome.kind == "success":
        return Verdict("delivered", failures, faults, deferrals)
    if outcome.kind == "refused":
        return Verdict("refused", failures, faults, deferrals, reason=outcome.reason)
    if outcome.kind == "later":
        return Verdict(
            "retrying", failures, faults, deferrals + 1, outcome.resume_at or outcome.ended_at, outcome.reason
        )
    if outcome.kind in ("fault", "unknown"):
        return _after_fault(outcome, failures, faults, deferrals, age_s)

    failures += 1
    if outcome.kind == "gone" or failures > len(schedule):
        is_gone = outcome.kind == "gone"
        return Verdict("failed", failures, faults, deferrals, reason=outcome.reason, is_gone=is_gone)
    next_at = outcome.ended_at + delay_s(schedule, failures, chance)
    return Verdict(
        "retrying", failures, faults, deferrals, max(next_at, outcome.resume_at or 0.0), outcome.reason
    )


def kept(verdict: Verdict) -> Verdict:
    """The verdict on a delivery that had been delivered before it was sent again: it stays so, whatever its
    new attempts come to.
    """
    if verdict.state not in ("failed", "refused"):
        return verdict
    return replace(verdict, state="delivered", reason=f"{SENT_AGAIN_IN_VAIN}: {verdict.reason}")


def halved(outcome: Outcome, failures: int, faults: int, deferrals: int) -> Verdict:
    """On one of a batch that is sent again as two: at once, and no step of the schedule is used, for it may
    not be to blame.
    """
    is_failed = outcome.kind == "failure"
    return Verdict(
        "retrying", failures, faults, deferrals, outcome.ended_at, outcome.reason, has_failed=is_failed
    )


def held(verdict: Verdict, ended_at: float) -> Verdict:
    """The same on one that stops its hook: it stays the first in its queue, and begins anew when the hook is
    switched on.
    """
    return Verdict("retrying", 0, 0, 0, ended_at, verdict.reason)


def settled(outcome: Outcome, deferrals: int) -> Outcome:
    """The outcome as it counts for a delivery that has been put off `deferrals` times: a `later` gets the
    time it means, and is a failure when there were too many.
    """
    if outcome.kind != "later":
        return outcome
    if deferrals >= DEFERRALS_MAX:
        return replace(outcome, kind="failure")
    if outcome.resume_at is not None:
        return outcome
    return replace(outcome, resume_at=outcome.ended_at + _backoff_s(deferrals + 1))


def delay_s(schedule: Sequence[float], failures: int, chance: float) -> float:
    """Seconds to wait after the `failures`-th failure (from 1); past the end of the schedule its last step
    repeats.

    0 ≤ result ≤ 1.2 × the longest step; an empty schedule never waits.
    """
    if not schedule:
        return 0.0
    step = schedule[min(failures, len(schedule)) - 1]
    return step * (1 - JITTER + 2 * JITTER * chance)


def longest_wait_s(schedule: Sequence[float]) -> float:
    """No rule puts a delivery or a hook off for longer."""
    return max(RETRY_AFTER_MAX_S, *(step * (1 + JITTER) for step in (LONGEST_S, *schedule)))


def resume_at(after_s: float | None, retry_after: str, now: float) -> float | None:
    """Until when a receiver asks to wait: by the seconds that its answer's body names, else by its
    Retry-After header; at most a day ahead, None when it does not ask.
    """
    if after_s is None:
        return retry_after_at(retry_after, now)
    return now + min(after_s, RETRY_AFTER_MAX_S) if after_s > 0 else None


def retry_after_at(header: str | None, now: float) -> float | None:
    """The time a Retry-After header asks for, at most a day ahead; None when it is absent, past or not
    understood.

    Whole seconds or an HTTP date (RFC 9110 §10.2.3).
    """
    if not header:
        return None
    text = header.strip()
    try:
        wait_s = (
            float(text)
            if text.isascii() and text.replace(".", "", 1).isdigit()
            else _seconds_until(text, now)
        )
    except (ValueError, TypeError, OverflowError):
        return None
    if math.isnan(wait_s) or wait_s <= 0:
        return None
    return now + min(wait_s, RETRY_AFTER_MAX_S)


def _seconds_until(http_date: str, now: float) -> float:
    moment = parsedate_to_datetime(http_date)
    # An HTTP date is in GMT (RFC 9110 §5.6.7); one without its zone is not in ours either.
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now


def _after_fault(outcome: Outcome, failures: int, faults: int, deferrals: int, age_s: float) -> Verdict:
    if outcome.phase == "none":  # nothing was on its way yet: it may be this delivery
        faults += 1
        is_over, why = faults >= FAULTS_MAX, f"{faults} faults of the hub"
    else:
        faults = max(faults, min(faults + 1, OUTAGE_FAULTS_MAX))
        is_over, why = age_s > OUTAGE_MAX_S, f"{age_s / 86_400:.0f} days"
    if is_over:
        return Verdict(
            "failed", failures, faults, deferrals, reason=f"set aside after {why}: {outcome.reason}"
        )
    return Verdict(
        "retrying", failures, faults, deferrals, outcome.ended_at + _backoff_s(faults), outcome.reason
    )


def _backoff_s(times: int) -> float:
    """2, 4, 8 … seconds, from the first time on."""
    return min(2.0 ** min(times, 30), WAIT_MAX_S)
