"""Deliveries: what becomes of them once they were sent: record, promote.

Owns every change of a delivery's state but the claim (`claims`), the way back of what was never recorded
(`leases`, `rescue`), what people ask for (`redelivery`) and the end of what is kept (`retention`). Each
function runs inside its caller's transaction and applies only where the row is still what the caller thinks:
whoever comes late changes nothing.

    waiting ──claim──▶ sending ──record──▶ delivered | retrying | failed | refused
       ▲                  │                              │
       ├─give back, rescue┘                              │  (a switched-off hook's waiting and retrying ones
       └───────────promote, when next_at has come────────┘   are *held*, a gone one's *cancelled*: `history`)

A delivery is never locked before its hook, except where a row can have no other user: two transactions would
wait for each other. Step before: the dispatcher brings back what came of a claim. Step after: `promote`, and
the next claim.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from hub.ids import time_of
from hub.rules import bucket, health, retry
from hub.rules.health import Health, Switched
from hub.rules.outcome import Outcome
from hub.rules.settings import Settings
from hub.store import attempts, batches, buckets, events, lanes, notices
from hub.store.database import Database
from hub.store.events import NewEvent
from hub.store.lanes import Lane
from hub.store.leases import Claim, Leased, leased
from hub.store.models import Delivery

PROMOTE_MAX = 500


class _Ended(msgspec.Struct, frozen=True):
    """A delivery whose request has ended, and what came of it."""

    row: Leased
    outcome: Outcome
    """As it counts for this one."""
    drawn: float
    """By chance, one for each request."""
    is_first: bool
    """The hook is judged by this one; others went in the same request."""
    batch: tuple[str, ...] = ()
    """Where there were others: all of them, in their order."""

    @property
    def shown(self) -> Outcome:
        """What is kept of it: request and answer of a batch with its first delivery alone."""
        if self.is_first:
            return self.outcome
        return replace(self.outcome, request_body=None, response_headers=[], response_body=b"")

    @property
    def halves(self) -> bool:
        """It is too much at once, or one of them is to blame: smaller batches tell which."""
        return self.outcome.blames_event and len(self.batch) > 1


Count = Callable[[Sequence[tuple[str, int, Outcome]]], None]
"""(hook id, project id, outcome) of each request that was made."""


def record(
    database: Database,
    settings: Settings,
    owner: str,
    outcomes: Sequence[tuple[Claim, Outcome]],
    now: float,
    chance: Callable[[], float],
    count: Count,
) -> list[Switched]:
    """Write finished attempts, judge their deliveries and hooks, and make room in the lanes.

    Outcomes whose lease somebody else has meanwhile taken over change nothing. `count` is told what counts in
    the figures. Returns the hooks whose state has changed.
    """
    hooks = lanes.lock(database, {done.hook_id for done, _ in outcomes})
    ours = leased(database, owner, [part for done, _ in outcomes for part in done.parts])
    ended = sorted(_ended(outcomes, ours, chance), key=lambda one: one.outcome.ended_at)
    attempts.add(database, [(one.row.id, one.row.attempts, one.shown) for one in ended])
    _write_successes(
        database, [(one.row.id, one.outcome.ended_at) for one in ended if _is_plain(one.outcome, one.row)]
    )
    troubled = [one for one in ended if not _is_plain(one.outcome, one.row)]
    verdicts = [
        (_verdict(one, hooks[one.row.hook_id], settings), one.outcome.ended_at, one.row) for one in troubled
    ]
    stopped = _hold(verdicts, hooks) | _stop(verdicts, troubled)
    _write_verdicts(database, verdicts)
    _halve_batches(database, troubled)
    by_hook: dict[str, list[_Ended]] = {}
    for one in ended:
        by_hook.setdefault(one.row.hook_id, []).append(one)
    of_hook = {hook_id: [one.outcome for one in by_hook[hook_id]] for hook_id in sorted(by_hook)}
    well = {one: them for one, them in of_hook.items() if health.stays_well(hooks[one].health, them)}
    after = {one: _judged(hooks[one], by_hook[one], settings) for one in of_hook if one not in well}
    after |= {hook_id: health.stopped(after[hook_id], *why) for hook_id, why in stopped.items()}
    lanes.write_well(database, well, now)
    lanes.write(database, [(hook_id, health, of_hook[hook_id]) for hook_id, health in after.items()], now)
    requests = [(one.row.hook_id, one.outcome) for one in ended if one.is_first]
    _empty_buckets(database, hooks, requests)
    count([(hook_id, hooks[hook_id].project_id, outcome) for hook_id, outcome in requests])
    given_up = [
        (verdict, row)
        for one, (verdict, _, row) in zip(troubled, verdicts, strict=True)
        if verdict.state == "failed" and one.outcome.kind == "failure"
    ]
    notices.count_failed(database, _summed(given_up, hooks), now)
    return [
        Switched(
            hook_id,
            hooks[hook_id].project_id,
            hooks[hook_id].health.state,
            health.state,
            health.disabled_reason or (health.last_error if health.state == "failing" else None) or "",
        )
        for hook_id, health in after.items()
        if health.state != hooks[hook_id].health.state
    ]


def _ended(
    outcomes: Sequence[tuple[Claim, Outcome]], ours: Mapping[str, Leased], chance: Callable[[], float]
) -> Iterator[_Ended]:
    """The outcome of each request for each of its deliveries that are still ours."""
    for done, outcome in outcomes:
        rows = [row for part in done.parts if (row := ours.get(part.delivery_id)) is not None]
        batch = tuple(row.id for row in rows) if len(rows) > 1 else ()
        drawn = chance()
        for n, row in enumerate(rows):
            yield _Ended(row, retry.settled(outcome, row.deferrals), drawn, n == 0, batch)


def promote(database: Database, now: float, limit: int = PROMOTE_MAX) -> int:
    """Make retrying deliveries whose time has come waiting again, at most `limit`; returns how many.

    Those whose lane another process holds are left for the next time: waiting for it here, with locks in
    hand, would be a deadlock.
    """
    due = database.execute(
        "SELECT d.id, d.hook_id FROM delivery d JOIN hook h ON h.id = d.hook_id "
        "WHERE d.state = 'retrying' AND d.next_at <= ?"
        f" ORDER BY d.next_at LIMIT ?{database.lock_clause('d, h')}",
        (now, limit),
    ).fetchall()
    database.executemany(
        "UPDATE delivery SET state = 'waiting', next_at = NULL WHERE id = ?",
        [(delivery_id,) for delivery_id, _ in due],
    )
    lanes.arm(database, {hook_id for _, hook_id in due}, now)
    return len(due)


def next_due(database: Database) -> float | None:
    """When there will be something to promote or a lane to look at; None when nothing is planned."""
    row = database.execute(
        "SELECT (SELECT min(next_at) FROM delivery WHERE state = 'retrying'),"
        " (SELECT ready_at FROM hook WHERE is_slow = ? AND ready_at IS NOT NULL ORDER BY ready_at LIMIT 1),"
        " (SELECT ready_at FROM hook WHERE is_slow = ? AND ready_at IS NOT NULL ORDER BY ready_at LIMIT 1)",
        (False, True),
    ).fetchone()
    return min((at for at in row if at is not None), default=None)


def add_finished(
    database: Database, delivery_id: str, event: NewEvent, hook_id: str, outcome: Outcome
) -> None:
    """Keep a test delivery that has been sent already, with its event."""
    events.add(database, [event], outcome.ended_at)
    Delivery.create(
        id=delivery_id,
        event_id=event.id,
        hook_id=hook_id,
        project_id=event.project_id,
        type=event.type,
        state={"success": "delivered", "refused": "refused"}.get(outcome.kind, "failed"),
        attempts=1,
        failures=0,
        finished_at=outcome.ended_at,
        reason=outcome.reason,
    )
    attempts.add(database, [(delivery_id, 1, outcome)])


def _schedule(lane: Lane, settings: Settings) -> Sequence[float]:
    return lane.pace.schedule(settings.retry_schedule_s)


def _summed(
    given_up: Sequence[tuple[retry.Verdict, Leased]], hooks: Mapping[str, Lane]
) -> dict[tuple[str, int], tuple[int, str]]:
    """(hook id, project id) → how many of its deliveries, and why the last one."""
    sums: dict[tuple[str, int], tuple[int, str]] = {}
    for verdict, row in given_up:
        about = (row.hook_id, hooks[row.hook_id].project_id)
        sums[about] = (sums.get(about, (0, ""))[0] + 1, verdict.reason or "")
    return sums


def _hold(
    verdicts: list[tuple[retry.Verdict, float, Leased]], hooks: Mapping[str, Lane]
) -> dict[str, tuple[str, float]]:
    """One that has failed for good stays the first of a hook that then stops: hook id → why, and when. One
    that the end of its subscription has ended does not.
    """
    stopped: dict[str, tuple[str, float]] = {}
    for n, (verdict, ended_at, row) in enumerate(verdicts):
        own = hooks[row.hook_id].pace
        if (
            own.is_fifo
            and own.fifo_on_failure == "hold"
            and verdict.state == "failed"
            and not verdict.is_gone
        ):
            verdicts[n] = (retry.held(verdict, ended_at), ended_at, row)
            reason = f"events go in order, and delivery {row.id} has failed for good: {verdict.reason}"
            stopped.setdefault(row.hook_id, (reason, ended_at))
    return stopped


def _stop(
    verdicts: list[tuple[retry.Verdict, float, Leased]], troubled: Sequence[_Ended]
) -> dict[str, tuple[str, float]]:
    """What cannot be sent for a fault in the hook itself costs no try, and the hook stops: hook id → why, and
    when.
    """
    stopped = {}
    for n, ((_, ended_at, row), one) in enumerate(zip(verdicts, troubled, strict=True)):
        if one.outcome.stops_hook:
            reason = one.outcome.reason or ""
            counts = (row.failures, row.faults, row.deferrals)
            verdicts[n] = (retry.Verdict("retrying", *counts, ended_at, reason), ended_at, row)
            stopped[row.hook_id] = (reason, ended_at)
    return stopped


def _verdict(one: _Ended, lane: Lane, settings: Settings) -> retry.Verdict:
    outcome, row = one.outcome, one.row
    if one.halves:
        return retry.halved(outcome, row.failures, row.faults, row.deferrals)
    verdict = retry.judge(
        outcome,
        failures=row.failures,
        faults=row.faults,
        deferrals=row.deferrals,
        age_s=outcome.ended_at - time_of(row.id),
        schedule=_schedule(lane, settings),
        chance=one.drawn,
    )
    return verdict if row.delivered_at is None else retry.kept(verdict)


def _empty_buckets(
    database: Database, hooks: Mapping[str, Lane], ended: Sequence[tuple[str, Outcome]]
) -> None:
    """A receiver that asks for a pause has had more than it takes: no token comes before its end."""
    until = {
        hook_id: outcome.resume_at or outcome.ended_at
        for hook_id, outcome in ended
        if outcome.kind == "later" and hooks[hook_id].rate is not None
    }
    if until:
        buckets.keep(database, {hook_id: bucket.emptied(at) for hook_id, at in until.items()})


def _halve_batches(database: Database, troubled: Sequence[_Ended]) -> None:
    for one in troubled:
        if one.is_first and one.halves:
            batches.halve(database, one.batch)


def _judged(lane: Lane, ended: Sequence[_Ended], settings: Settings) -> Health:
    after = lane.health
    for one in ended:
        if not one.is_first:
            continue
        after = health.judge(
            after,
            one.outcome,
            failed_at=one.row.failed_at,
            is_halved=one.halves,
            origin=lane.origin_kind,
            failure_limit=settings.failure_limit,
            schedule=_schedule(lane, settings),
            max_in_flight=settings.max_in_flight_per_hook,
            chance=one.drawn,
        )
    return after


def _is_plain(outcome: Outcome, row: Leased) -> bool:
    """A success without a history, as most are: `_verdict` would leave its counts as they are."""
    return outcome.kind == "success" and not (row.failures or row.faults or row.deferrals)


def _write_successes(database: Database, ended: Sequence[tuple[str, float]]) -> None:
    database.execute_rows(
        "WITH ended (id, at) AS ({rows})"
        " UPDATE delivery SET state = 'delivered', next_at = NULL, reason = NULL, finished_at = ended.at,"
        " owner = NULL, lease_until = NULL, claimed_at = NULL FROM ended WHERE delivery.id = ended.id",
        "text float8",
        ended,
    )


def _write_verdicts(database: Database, verdicts: Sequence[tuple[retry.Verdict, float, Leased]]) -> None:
    database.executemany(
        "UPDATE delivery SET state = ?, failures = ?, faults = ?, deferrals = ?, failed_at = ?, next_at = ?,"
        " reason = ?, finished_at = ?, owner = NULL, lease_until = NULL, claimed_at = NULL WHERE id = ?",
        [
            (
                verdict.state,
                verdict.failures,
                verdict.faults,
                verdict.deferrals,
                row.failed_at or (ended_at if verdict.failures or verdict.has_failed else None),
                verdict.next_at,
                verdict.reason,
                finished_at(verdict, row.delivered_at, ended_at),
                row.id,
            )
            for verdict, ended_at, row in verdicts
        ],
    )


def finished_at(verdict: retry.Verdict, delivered_at: float | None, ended_at: float) -> float | None:
    if verdict.state == "retrying":
        return None
    was_in_vain = delivered_at is not None and verdict.reason is not None
    return delivered_at if was_in_vain else ended_at
