"""Order: the first delivery of hooks that are sent to one after the other.

Owns which one that is: the lowest number, also while it waits to be tried again. The claim that asks has
locked the lane, so nobody else begins one. A delivery that came while the hook was being changed has no
number; once none is left that has one, such deliveries are claimed as those of any other hook. Step before:
`claims.claim`. Step after: it is leased, alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hub.rules.fairness import Waiting
from hub.store.database import Database


@dataclass(slots=True)
class First:
    """Of hooks that are sent to in order."""

    rows: list[Waiting] = field(default_factory=list)
    """Those that may be sent now."""
    until: dict[str, float] = field(default_factory=dict)
    """Hook id → when to look again, where the first may not."""

    @property
    def hook_ids(self) -> set[str]:
        """Of those that have a first."""
        return {row.hook_id for row in self.rows} | self.until.keys()


def first_of(database: Database, hook_ids: Iterable[str], now: float) -> First:
    """The first delivery of each of these locked lanes that has one, locked."""
    found = First()
    for hook_id in hook_ids:
        head = database.execute(
            "SELECT id, state, next_at FROM delivery WHERE hook_id = ? AND seq IS NOT NULL"
            " AND state IN ('waiting', 'retrying') ORDER BY seq, id LIMIT 1",
            (hook_id,),
        ).fetchone()
        if head is None:
            continue
        delivery_id, state, next_at = head
        if state == "retrying" and next_at > now:
            found.until[hook_id] = next_at
        elif (row := _locked(database, delivery_id)) is not None:
            found.rows.append(row)
        else:
            found.until[hook_id] = now
    return found


def take_seqs(database: Database, counts: Mapping[str, int]) -> dict[str, int]:
    """The next numbers for so many deliveries of locked hooks: hook id → the first of them. The row's lock
    makes the order of commits that of numbers.
    """
    first = {}
    for hook_id, count in sorted(counts.items()):
        row = database.execute(
            "UPDATE hook SET last_seq = last_seq + ? WHERE id = ? RETURNING last_seq", (count, hook_id)
        ).fetchone()
        first[hook_id] = row[0] - count + 1
    return first


def _locked(database: Database, delivery_id: str) -> Waiting | None:
    """None where somebody else holds or has ended it: no other may go in its place."""
    row = database.execute(
        "SELECT d.id, d.hook_id, d.event_id, d.attempts, length(e.data) FROM delivery d"
        " JOIN event e ON e.id = d.event_id WHERE d.id = ? AND d.state IN ('waiting', 'retrying')"
        + database.lock_clause("d"),
        (delivery_id,),
    ).fetchone()
    if row is None:
        return None
    database.execute("UPDATE delivery SET state = 'waiting', next_at = NULL WHERE id = ?", (delivery_id,))
    return Waiting(*row)
