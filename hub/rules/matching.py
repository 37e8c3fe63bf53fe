"""Which hooks want an event: patterns and filters, and the routing table built from them.

Owns the grammar of event types and patterns (docs/publish.md) and the table that answers "who wants this
event?" without asking the database. Pure. It must never know of a hook more than its id and its filter:
whether it may be sent to is decided when it is claimed. Step before: `intake` asks. Step after:
`store.events` writes one delivery for each answer.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.base import PING_EVENT_TYPE as PING_EVENT_TYPE
from hub.rules.facts import Facts
from hub.rules.filter_index import Filters
from hub.rules.filters import Failed, Filter, Unreadable
from hub.rules.pace import Entry

OWN_EVENT_TYPES = {
    "hook.disabled": "A hook was switched off after too many failures in a row",
    "hook.enabled": "A hook was switched on again",
    "hook.gone": "A hook's subscription ended: its target answered 410 Gone",
    "hook.failing": "Requests to a hook that was well began to fail",
    "hook.recovered": "A hook that was failing works again",
}
"""The hub's own types, known in every project; `*` does not mean them."""

_EVENT_TYPE = re.compile(r"[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*")
EVENT_TYPE_MAX_LENGTH = 128
INDEXED_MAX = 20_000
"""Filters of which a table keeps indexes: six rows of one take a kilobyte."""
CANDIDATES_KEPT = 200
"""Types whose hooks a table remembers."""


def is_event_type(text: str) -> bool:
    """True for lower-case words joined by dots, camelCase allowed: `story.addedComment`."""
    return len(text) <= EVENT_TYPE_MAX_LENGTH and _EVENT_TYPE.fullmatch(text) is not None


def is_pattern(text: str) -> bool:
    """True for `*`, `story.*` and an exact event type."""
    return text == "*" or is_event_type(text.removesuffix(".*"))


def matches(pattern: str, event_type: str) -> bool:
    """True when a hook with this pattern wants this type."""
    if pattern == "*":
        return event_type not in OWN_EVENT_TYPES
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a hook asks for."""

    patterns: tuple[str, ...]
    filter: Filter | Unreadable | None = None

    def wants_type(self, event_type: str) -> bool:
        """Whether the hook gets events of this type, those that pass its filter; the only place that says so,
        beside the table below, which must agree with it.
        """
        return any(matches(pattern, event_type) for pattern in self.patterns)

    def failed(self, facts: Facts) -> Failed | None:
        """Why an event of a wanted type does not pass the filter; None when it does."""
        return None if self.filter is None else self.filter.failed(facts)

    def wants(self, facts: Facts) -> bool:
        """Whether the hook gets this event."""
        return self.wants_type(facts.type) and self.failed(facts) is None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The hooks that want a type of event, as of one version of a routing table."""

    plain: tuple[str, ...]
    """Those without a filter; each once, oldest first."""
    filtered: Filters = field(default_factory=lambda: Filters(()))
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """Of those that do not get it at once."""

    def wanting(self, facts: Facts) -> list[str]:
        """The ids of those that get an event, oldest first."""
        passed = self.filtered.passed(facts)
        return sorted((*self.plain, *passed)) if passed else list(self.plain)


class RoutingTable:
    """The hooks of one project by what they want; changed hook by hook, so that ten thousand of them need no
    rebuild.
    """

    def __init__(self) -> None:
        self.version = 0
        """The project's routing version up to which this table is true."""
        self._hooks: dict[str, tuple[str, ...]] = {}
        self._by_pattern: dict[str, set[str]] = defaultdict(set)
        self._filters: dict[str, Filter] = {}
        self._entries: dict[str, Entry] = {}
        self._candidates: dict[str, Candidates] = {}
        self._together: dict[tuple[str, ...], Filters] = {}
        """Hooks → their filters: those of many types are the same."""

    @property
    def has_filters(self) -> bool:
        return bool(self._filters)

    def put(
        self,
        hook_id: str,
        patterns: Iterable[str],
        only_if: Filter | Unreadable | None = None,
        entry: Entry | None = None,
    ) -> None:
        """Say what a hook wants from now on; no patterns at all means that it wants nothing.

        Behind a filter that cannot be read every event waits, because any may be wanted: none is sent before
        it has passed one.
        """
        self._forget()
        for pattern in self._hooks.pop(hook_id, ()):
            self._by_pattern[pattern].discard(hook_id)
        self._filters.pop(hook_id, None)
        self._entries.pop(hook_id, None)
        wanted = tuple(patterns)
        if wanted:
            self._hooks[hook_id] = wanted
            if isinstance(only_if, Filter):
                self._filters[hook_id] = only_if
            if entry is not None:
                self._entries[hook_id] = entry
        for pattern in wanted:
            self._by_pattern[pattern].add(hook_id)

    def match(self, event_type: str) -> list[str]:
        """The ids of the hooks that want this type, whatever their filters say; each once, oldest first."""
        found: set[str] = set()
        for pattern in _patterns_of(event_type):
            found |= self._by_pattern.get(pattern, set())
        return sorted(found)

    def candidates(self, event_type: str) -> Candidates:
        """The same, to be asked about events without this table, which others change. Kept until a hook
        changes.
        """
        kept = self._candidates.get(event_type)
        if kept is None:
            if len(self._candidates) >= CANDIDATES_KEPT:
                self._forget()
            found, mine = self.match(event_type), self._filters
            filtered = self._asked_together(tuple(one for one in found if one in mine))
            later = {one: self._entries[one] for one in found if one in self._entries}
            kept = Candidates(tuple(one for one in found if one not in mine), filtered, later)
            self._candidates[event_type] = kept
        return kept

    def _asked_together(self, hook_ids: tuple[str, ...]) -> Filters:
        known = self._together.get(hook_ids)
        if known is None:
            so_far = sum(map(len, self._together.values()))
            pairs = tuple((one, self._filters[one]) for one in hook_ids)
            known = Filters(pairs, may_index=so_far + len(pairs) <= INDEXED_MAX)
            self._together[hook_ids] = known
        return known

    def _forget(self) -> None:
        self._candidates.clear()
        self._together.clear()


def _patterns_of(event_type: str) -> list[str]:
    """Every pattern that matches a type: itself, `*`, and each of its prefixes with `.*`."""
    words = event_type.split(".")
    prefixes = [".".join(words[:n]) + ".*" for n in range(1, len(words))]
    everything = [] if event_type in OWN_EVENT_TYPES else ["*"]
    return [event_type, *prefixes, *everything]
