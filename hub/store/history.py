"""The log of deliveries: found and shown as people read them.

Owns how a delivery's state is shown. What is held or cancelled is derived from the hook, not written into its
deliveries: switching a hook with a million waiting ones off or on is one row, and `retention` ends them
later, in batches.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from peewee import SQL, NodeList

from hub.ids import first_id, time_of
from hub.store import batches, fan_outs, models
from hub.store.database import Database

OPEN = ("waiting", "retrying")
FINAL_STATES = ("delivered", "failed", "refused", "cancelled")
OFF = ("disabled", "auto_disabled")
SHOWN_STATES = ("waiting", "retrying", "held", "sending", "delivered", "failed", "refused", "cancelled")
FEW = 5_000
# As text in the statement: a partial index serves only what it can be seen to hold.
_WAITING, _RETRYING = SQL("'waiting'"), SQL("'retrying'")
_IN_VAIN: Any = NodeList((models.Delivery.state, SQL("IN ('failed', 'refused', 'cancelled')")))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one hook, as people read it."""

    id: str
    event_id: str
    hook_id: str
    type: str
    state: str
    """One of `SHOWN_STATES`: open ones are held or cancelled when their hook is off or over; one that had
    been delivered stays so while it is sent again.
    """
    is_open: bool
    """It will be sent, or is being sent at this moment."""
    attempt_count: int
    next_attempt_at: float | None
    """None but for a retrying one, one that is delayed, and one that gathers with others: it goes then at the
    latest.
    """
    reason: str | None
    finished_at: float | None
    origin_kind: Literal["page", "api", "app"]
    """Of its hook, for whoever decides who may see it."""
    origin_app: str | None
    batch_id: str | None = None
    """With others of this one it goes, or went last, in one request."""

    @property
    def created_at(self) -> float:
        return time_of(self.id)


@dataclass(frozen=True, slots=True)
class Batch:
    """Deliveries that go in one request."""

    first_id: str
    """Request and answer are kept with this one."""
    size: int


def find(
    project_id: int,
    *,
    hook_id: str | None = None,
    event_id: str | None = None,
    batch_id: str | None = None,
    state: str | None = None,
    type: str | None = None,
    origin_app: str | None = None,
    since: float | None = None,
    before: str | None = None,
    down_to: str | None = None,
    limit: int = 50,
) -> list[Delivery]:
    """Newest first; `state` is a shown one; `since`: made then or later, in epoch seconds."""
    table, hook = models.Delivery, models.Hook
    query = _deliveries(project_id).order_by(table.id.desc()).limit(limit)
    if hook_id:
        query = query.where(table.hook_id == hook_id)
    if origin_app:
        query = query.where(hook.origin_kind == "app", hook.origin_app == origin_app)
    if event_id:
        query = query.where(table.event_id == event_id)
    if batch_id:
        query = query.where(table.batch_id == batch_id)
    if type:
        query = query.where(table.type == type)
    if since is not None:
        query = query.where(table.id >= first_id("dlv", since))
    if before:
        query = query.where(table.id < before)
    if down_to:
        query = query.where(table.id >= down_to)
    if state:
        query = query.where(_is_shown_as(state, are_few=hook_id is not None and _are_few_open(hook_id)))
    return [_delivery(row) for row in query]


def search_end(hook_id: str, before: str | None, searched: int) -> str | None:
    """The last of so many of a hook's deliveries, going back from `before`; None where there are fewer."""
    table = models.Delivery
    query = table.select(table.id).where(table.hook_id == hook_id)
    if before:
        query = query.where(table.id < before)
    found: str | None = query.order_by(table.id.desc()).offset(searched - 1).limit(1).scalar()
    return found


def get(project_id: int, delivery_id: str) -> Delivery | None:
    row = _deliveries(project_id).where(models.Delivery.id == delivery_id).first()
    return None if row is None else _delivery(row)


def batch(batch_id: str) -> Batch | None:
    table = models.Delivery
    rows = table.select(table.id, table.seq).where(table.batch_id == batch_id)
    ids = [row.id for row in sorted(rows, key=lambda row: batches.place(row.seq, row.id))]
    return Batch(ids[0], len(ids)) if ids else None


def of_events(project_id: int, hook_id: str, event_ids: Sequence[str]) -> dict[str, Delivery]:
    """A hook's deliveries of these events, by event; of several the latest."""
    query = _deliveries(project_id).where(
        models.Delivery.hook_id == hook_id, models.Delivery.event_id.in_(event_ids)
    )
    return {row.event_id: _delivery(row) for row in query.order_by(models.Delivery.id)}


def states_of_events(event_ids: Sequence[str], most: int) -> dict[str, Counter[str]]:
    """Event → shown state → how many of its deliveries are in it, of at most `most` of them."""
    table, hook = models.Delivery, models.Hook
    found = {}
    for event_id in event_ids:
        rows = (
            table.select(table.state, table.attempts, hook.state, hook.deleted_at)
            .join(hook, on=(hook.id == table.hook_id), attr="hook")
            .where(table.event_id == event_id)
            .limit(most)
        )
        found[event_id] = Counter(
            _shown_state(_untried(row.state, row.attempts), row.hook)  # type: ignore[attr-defined]  # the join sets it
            for row in rows
        )
        if promised := fan_outs.promised_of(event_id):
            found[event_id]["waiting"] += promised
    return found


def oldest_waiting(database: Database) -> float | None:
    """When the oldest delivery was made that waits and could be sent now; None when none does. What waits for
    its hook, one that is off, fails or was asked to pause, however much, is not looked at.
    """
    first = "SELECT id FROM delivery WHERE hook_id = h.id AND state = 'waiting' ORDER BY attempts, id LIMIT 1"
    sql = f"SELECT min(({first})) FROM hook h WHERE h.ready_at <= ?"
    [oldest] = database.execute(sql, (database.clock.now(),)).fetchone()
    return None if oldest is None else time_of(oldest)


def backlog() -> int:
    """How many deliveries wait, at this moment: a scan of two small indexes, not for a hot path."""
    return sum(int(models.Delivery.select().where(models.Delivery.state == state).count()) for state in OPEN)


@dataclass(frozen=True, slots=True)
class OpenOfSpan:
    """A hook's deliveries of a span of time that are not over."""

    waiting: int
    retrying: int
    sending: int
    is_bounded: bool
    """True when only the first of them were looked at."""

    @property
    def whole(self) -> int:
        return self.waiting + self.retrying + self.sending


def open_of_span(database: Database, hook_id: str, since: float, until: float, most: int) -> OpenOfSpan:
    """Those of events from `since` until before `until`; of each state `most` are looked at."""
    low, high = first_id("evt", max(0.0, since)), first_id("evt", max(0.0, until))
    counts, looked_at = {}, []
    for state in ("waiting", "retrying", "sending"):
        rows = f"SELECT event_id FROM delivery WHERE hook_id = ? AND state = '{state}' LIMIT ?"
        sql = (
            "SELECT count(*), coalesce(sum(CASE WHEN event_id >= ? AND event_id < ? THEN 1 ELSE 0 END), 0)"
            f" FROM ({rows}) AS found"
        )
        seen, counts[state] = database.execute(sql, (low, high, hook_id, most)).fetchone()
        looked_at.append(seen)
    return OpenOfSpan(
        int(counts["waiting"]), int(counts["retrying"]), int(counts["sending"]), max(looked_at) >= most
    )


def _deliveries(project_id: int) -> Any:
    table, hook = models.Delivery, models.Hook
    return (
        table.select(
            table, hook.state, hook.deleted_at, hook.origin_kind, hook.origin_app, hook.gathers_until
        )
        .join(hook, on=(hook.id == table.hook_id), attr="hook")
        .where(table.project_id == project_id)
    )


def _delivery(row: Any) -> Delivery:
    was_delivered = row.delivered_at is not None
    state = "delivered" if was_delivered else _shown_state(_untried(row.state, row.attempts), row.hook)
    # One that is delivered has no attempt under way, as people see it: that counts when it has ended.
    is_hidden = was_delivered and row.state == "sending"
    return Delivery(
        id=row.id,
        event_id=row.event_id,
        hook_id=row.hook_id,
        type=row.type,
        state=state,
        is_open=row.state not in FINAL_STATES,
        attempt_count=row.attempts - is_hidden,
        next_attempt_at=(row.next_at or _gathers_until(row)) if state in OPEN else None,
        reason=row.reason,
        finished_at=row.finished_at or row.delivered_at,
        origin_kind=row.hook.origin_kind,
        origin_app=row.hook.origin_app,
        batch_id=row.batch_id,
    )


def _gathers_until(row: Any) -> float | None:
    is_gathering = row.state == "waiting" and not row.attempts
    return row.hook.gathers_until if is_gathering else None


def _untried(state: str, attempts: int) -> str:
    """One that waits for its time and was never tried is waiting, for people."""
    return "waiting" if state == "retrying" and not attempts else state


def _shown_state(state: str, hook: Any) -> str:
    if state not in OPEN:
        return state
    if hook.deleted_at or hook.state == "gone":
        return "cancelled"
    return "held" if hook.state in OFF else state


def _are_few_open(hook_id: str) -> bool:
    """Few are found by their own indexes, and put in order; the newest of many by going back."""
    table = models.Delivery
    return all(
        table.select().where(table.hook_id == hook_id, table.state == state).limit(FEW).count() < FEW
        for state in (_WAITING, _RETRYING)
    )


def _is_shown_as(state: str, *, are_few: bool) -> Any:
    """The same as a condition on rows."""
    table, hook = models.Delivery, models.Hook
    waiting: Any = _WAITING if are_few else "waiting"
    retrying: Any = _RETRYING if are_few else "retrying"
    is_new = table.delivered_at.is_null()
    is_open = ((table.state == waiting) | (table.state == retrying)) & is_new
    if state == "delivered":
        return (table.state == state) | ~is_new
    if state == "held":
        return is_open & hook.state.in_(OFF) & hook.deleted_at.is_null()
    if state == "cancelled":
        return (_IN_VAIN & (table.state == "cancelled")) | (
            is_open & ((hook.state == "gone") | hook.deleted_at.is_null(False))
        )
    if state in OPEN:
        is_waiting = (table.state == waiting) | ((table.state == retrying) & (table.attempts == 0))
        return (
            is_new
            & (is_waiting if state == "waiting" else (table.state == retrying) & (table.attempts > 0))
            & hook.state.in_(("active", "failing"))
            & hook.deleted_at.is_null()
        )
    if state in ("failed", "refused"):
        return is_new & _IN_VAIN & (table.state == state)
    if state == "sending":
        sent = table.alias()
        return is_new & table.id.in_(sent.select(sent.id).where(sent.state == SQL("'sending'")))
    return is_new & (table.state == state)
