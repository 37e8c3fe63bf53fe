"""Many filters asked at once: which hooks get an event, without asking each filter.

Owns an index over the rows of all filters, by field: values that are compared for equality in a dictionary,
bounds in their order, everything else one by one. Every group of rows is a bit; a row that does not hold
takes away the bits of the groups that it is in, and what is left has passed. It must agree with
`Filter.holds` always. Pure. Step before: `matching` knows the hooks that want a type.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from hub.rules.facts import Facts, Found, Path, path_of
from hub.rules.filter_rows import LOOKED_AT_MAX, Row
from hub.rules.filters import Filter

INDEXED_FROM = 12
"""Fewer filters are asked one by one as fast."""
INDEXED_AFTER = 2
"""Events since a hook has changed: making the index takes as long as asking one by one for about so many."""

TOGETHER_MAX = 1_000
"""Filters of one index: each row has a bit for each group, so twice as many take four times the memory."""

_SCALARS = (str, int, float, bool, type(None))
_NUMBERS = (int, float)
_BITS = bytes.maketrans(b"01", b"\x00\x01")

Bits = int
"""One for each group."""


class Filters:
    """The filters of some hooks, asked one by one until an index is worth its making. Any thread may ask."""

    def __init__(self, filtered: Sequence[tuple[str, Filter]], may_index: bool = True) -> None:
        """Hook id and filter of each. `may_index`: there is memory for an index."""
        self._filtered = filtered
        self._may_index = may_index and len(filtered) >= INDEXED_FROM
        self._asked = 0
        self._index: tuple[FilterIndex, ...] = ()

    def __len__(self) -> int:
        return len(self._filtered)

    def passed(self, facts: Facts) -> list[str]:
        """The ids of the hooks whose filter an event passes, each once."""
        index = self._index
        if not index and self._may_index and self._asked >= INDEXED_AFTER:
            parts = range(0, len(self._filtered), TOGETHER_MAX)
            index = tuple(FilterIndex(self._filtered[at : at + TOGETHER_MAX]) for at in parts)
            self._index = index
        self._asked += 1
        if index:
            return [hook_id for part in index for hook_id in part.passed(facts)]
        return [hook_id for hook_id, only_if in self._filtered if only_if.holds(facts)]


class FilterIndex:
    """The same in one look, however many they are; made once."""

    def __init__(self, filtered: Iterable[tuple[str, Filter]]) -> None:
        """Hook id and filter of each."""
        groups: dict[tuple[Callable[[Facts], bool], ...], int] = {}
        self._hooks: list[list[str]] = []
        self._by_field: dict[Path, _ByField] = {}
        others: dict[Callable[[Facts], bool], Bits] = {}
        for hook_id, only_if in filtered:
            for group in only_if.groups:
                rows = tuple(row.holds for row in group)
                known = groups.setdefault(rows, len(groups))
                if known == len(self._hooks):
                    self._hooks.append([])
                    self._add(group, 1 << known, others)
                self._hooks[known].append(hook_id)
        for one in self._by_field.values():
            one.sort()
        self._others = tuple(others.items())
        self._all = (1 << len(self._hooks)) - 1

    def passed(self, facts: Facts) -> list[str]:
        """The ids of the hooks whose filter an event passes, each once."""
        alive = self._all
        for path, one in self._by_field.items():
            alive = one.left(alive, facts.at(path))
            if not alive:
                return []
        for holds, bits in self._others:
            if alive & bits and not holds(facts):
                alive &= ~bits
        if not alive:
            return []
        flags = f"{alive:b}"[::-1].encode().translate(_BITS)
        found = [hook_id for n, is_in in enumerate(flags) if is_in for hook_id in self._hooks[n]]
        return list(dict.fromkeys(found))

    def _add(self, group: Sequence[Row], bit: Bits, others: dict[Callable[[Facts], bool], Bits]) -> None:
        compared: set[Path] = set()
        for row in group:
            path = _path(row.field)
            # Two values for one field, which may be a list: each must be there, and bits cannot say that.
            is_second = row.op in ("=", "in") and path in compared
            if row.op not in _ByField.OPERATORS or is_second:
                others[row.holds] = others.get(row.holds, 0) | bit
                continue
            if row.op in ("=", "in"):
                compared.add(path)
            known = self._by_field.get(path)
            if known is None:
                known = self._by_field[path] = _ByField()
            known.add(row, bit)


class _ByField:
    """What rows ask of one field."""

    OPERATORS = ("=", "in", "!=", "<", "<=", ">", ">=", "contains", "not_contains")

    def __init__(self) -> None:
        self._equal: dict[Any, Bits] = {}
        self._compared: Bits = 0
        self._unequal: dict[Any, Bits] = {}
        self._differ: Bits = 0
        """Those that any value more could refute."""
        self._parts: dict[str, Bits] = {}
        self._absent: dict[str, Bits] = {}
        self._bounds: dict[tuple[str, bool], dict[Any, Bits]] = {}
        """(operator, whether it compares texts) → bound → groups."""
        self._sorted: list[tuple[str, bool, list[Any], list[Bits]]] = []

    def add(self, row: Row, bit: Bits) -> None:
        if row.op in ("=", "in"):
            self._compared |= bit
            for value in row.value if isinstance(row.value, tuple) else (row.value,):
                self._equal[_key(value)] = self._equal.get(_key(value), 0) | bit
        elif row.op == "!=":
            self._differ |= bit
            self._unequal[_key(row.value)] = self._unequal.get(_key(row.value), 0) | bit
        elif row.op in ("contains", "not_contains"):
            parts = self._parts if row.op == "contains" else self._absent
            parts[str(row.value)] = parts.get(str(row.value), 0) | bit
            self._differ |= bit if row.op == "not_contains" else 0
        else:
            bounds = self._bounds.setdefault((row.op, isinstance(row.value, str)), {})
            bounds[row.value] = bounds.get(row.value, 0) | bit

    def sort(self) -> None:
        """After the last row."""
        for (op, is_text), bounds in self._bounds.items():
            in_order = sorted(bounds)
            self._sorted.append((op, is_text, in_order, [bounds[bound] for bound in in_order]))

    def left(self, alive: Bits, found: Found) -> Bits:
        """The groups that are left of those that were."""
        values = found.values
        if self._compared:
            equal = 0
            for value in values:
                if type(value) in _SCALARS:
                    equal |= self._equal.get(_key(value), 0)
            alive &= ~self._compared | equal
        if self._differ:
            if found.is_cut:
                alive &= ~self._differ
            for value in values:
                if type(value) in _SCALARS and (same := self._unequal.get(_key(value))):
                    alive &= ~same
        if self._parts or self._absent:
            alive = self._left_of_texts(alive, values)
        for op, is_text, bounds, bits in self._sorted:
            for missed in _missed(op, is_text, bounds, bits, values):
                alive &= ~missed
        return alive

    def _left_of_texts(self, alive: Bits, values: Sequence[Any]) -> Bits:
        texts = [value[:LOOKED_AT_MAX] for value in values if type(value) is str]
        for parts, is_wanted in ((self._parts, True), (self._absent, False)):
            for part, bits in parts.items():
                if alive & bits and _is_in(part, texts) is not is_wanted:
                    alive &= ~bits
        return alive


def _is_in(part: str, texts: Sequence[str]) -> bool:
    for text in texts:  # noqa: SIM110 - a generator would take twice the time
        if part in text:
            return True
    return False


def _missed(
    op: str, is_text: bool, bounds: list[Any], bits: list[Bits], values: Sequence[Any]
) -> Sequence[Bits]:
    """The bounds that no value keeps: all beyond the greatest, or below the least."""
    kept = [one for one in values if (type(one) is str if is_text else type(one) in _NUMBERS)]
    if not kept:
        return bits
    if op == ">":
        return bits[bisect_left(bounds, max(kept)) :]
    if op == ">=":
        return bits[bisect_right(bounds, max(kept)) :]
    if op == "<":
        return bits[: bisect_right(bounds, min(kept))]
    return bits[: bisect_left(bounds, min(kept))]


@lru_cache(1_000)
def _path(field: str) -> Path:
    return path_of(field)


def _key(value: Any) -> Any:
    """For Python true is 1."""
    return (value,) if type(value) is bool else value
