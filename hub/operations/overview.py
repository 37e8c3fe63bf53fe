"""What people look at: a project's hooks with their figures, and how a project or one hook has done by the
hour.

Reads only. Figures come from counters by the hour (`store.figures`), never from counting a log; counts of
what waits stop at a bound. A requester sees what `rules.access` lets it see. Step after: a page draws it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hub.engine.intake import Intake
from hub.rules.access import Requester, require
from hub.rules.health import State
from hub.store import figures, history, hook_lists, projects, workers
from hub.store.database import Database
from hub.store.figures import Results, hour_of, project_subject
from hub.store.hook_lists import Wanted
from hub.store.hooks import Hook
from hub.store.projects import Project
from hub.store.workers import WorkerSeen

HOURS = 24
PAGE = 50
DISK_HOURS = 24 * 14
PROJECTS_MAX = 10_000
OPEN_MAX = 10_000
"""Deliveries of one hook that wait are counted so far; what is more is shown as such."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The last 24 hours, the running one last."""

    first: int
    """Epoch seconds // 3600."""
    results: tuple[Results, ...]

    @property
    def delivered(self) -> list[int]:
        return [one.delivered for one in self.results]

    @property
    def failed(self) -> list[int]:
        return [one.failed for one in self.results]

    @property
    def whole(self) -> Results:
        """All of them together."""
        total = Results()
        for one in self.results:
            total.merge(one)
        return total


@dataclass(frozen=True, slots=True)
class HookRow:
    """One hook in a list."""

    hook: Hook
    hours: Hours
    open_count: int
    """Deliveries that wait, counted up to OPEN_MAX; 0 for a hook that is well and not paused."""
    next_attempt_at: float | None


@dataclass(frozen=True, slots=True)
class HookPage:
    """A page of a project's hooks."""

    rows: list[HookRow]
    found: int
    """How many there are that fit."""


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One event type in the last 24 hours."""

    type: str
    events: int
    deliveries: int
    last_at: float
    hours: list[int]
    """Events in each hour, the running one last."""


@dataclass(frozen=True, slots=True)
class Server:
    """The whole server, now and in the last hours."""

    now: float
    hours: Hours
    gauges: dict[str, dict[int, float]]
    """`waiting` and `oldest_s` by the hour."""
    sizes: dict[int, float]
    """Bytes of the database by the hour, of the last days."""
    workers: list[WorkerSeen]
    database_bytes: int
    oldest_at: float | None
    """When the oldest delivery was made that could be sent now."""


class Overview:
    """Any thread but the event loop's may call this."""

    def __init__(self, database: Database, intake: Intake) -> None:
        self._database = database
        self._intake = intake

    def hooks(self, requester: Requester, project: Project, wanted: Wanted, page: int) -> HookPage:
        """The `page`-th page (from 0) of the hooks that fit. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)

        def read() -> HookPage:
            found = hook_lists.find(self._database, project.id, wanted, page * PAGE, PAGE)
            return HookPage(self._rows(found), hook_lists.count(self._database, project.id, wanted))

        return self._database.read(read)

    def attention(self, requester: Requester, project: Project, most: int) -> list[HookRow]:
        """Hooks that fail or were switched off by failures, the worst first. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)
        wanted = Wanted(states=("auto_disabled", "failing"))
        return self._database.read(
            lambda: self._rows(hook_lists.find(self._database, project.id, wanted, 0, most))
        )

    def hook(self, requester: Requester, project: Project, hook: Hook) -> HookRow:
        """One hook, which this requester has been shown."""
        return self._database.read(lambda: self._rows([hook])[0])

    def states(self, requester: Requester, project: Project) -> dict[State, int]:
        """State → how many of the project's hooks are in it. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)
        return self._database.read(lambda: hook_lists.states([project.id]))[project.id]

    def hooks_by_app(self, requester: Requester, project: Project) -> dict[str, int]:
        """Origin (`page`, `api`, or an app's key) → how many hooks of the project have it. Raises:
        Forbidden.
        """
        require(requester, "read", "manage", project_id=project.id)
        return self._database.read(lambda: hook_lists.origins(project.id))

    def hooks_by_format(self, requester: Requester, project: Project) -> dict[str, int]:
        """Format → how many hooks of the project have it. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)
        return self._database.read(lambda: hook_lists.formats(project.id))

    def wanting(self, project: Project, event_types: Iterable[str]) -> dict[str, list[str]]:
        """Type → the ids of the hooks that would get an event of it."""
        return self._database.read(lambda: self._intake.match(project.id, event_types))

    def results(self, requester: Requester, project: Project) -> Hours:
        """How the project's requests went, all hooks together. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)
        subject = project_subject(project.id)
        return self._database.read(lambda: self._hours([subject]))[subject]

    def projects(self, shown: Sequence[Project]) -> dict[int, tuple[Hours, int]]:
        """Project id → how its requests went and how many events came in the last 24 hours; of projects whose
        hooks this requester has been shown to see.
        """

        def read() -> dict[int, tuple[Hours, int]]:
            subjects = {project.id: project_subject(project.id) for project in shown}
            hours = self._hours(list(subjects.values()))
            events = figures.event_counts(self._database, list(subjects), self._first_hour())
            return {key: (hours[subject], events.get(key, 0)) for key, subject in subjects.items()}

        return self._database.read(read)

    def types(self, requester: Requester, project: Project) -> list[TypeRow]:
        """The event types of the last 24 hours, the most frequent first. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)
        first = self._first_hour()
        counts = self._database.read(lambda: figures.type_counts(self._database, project.id, first))
        by_type: dict[str, list[figures.TypeCount]] = {}
        for one in counts:
            by_type.setdefault(one.type, []).append(one)
        rows = [_type_row(code, found, first) for code, found in by_type.items()]
        return sorted(rows, key=lambda row: (-row.events, row.type))

    def seen(self, requester: Requester, project: Project) -> dict[str, tuple[float, float]]:
        """Event type → when it was first (to the hour) and last published.

        Raises: Forbidden.
        """
        require(requester, "read", "manage", project_id=project.id)
        return self._database.read(lambda: figures.type_spans(self._database, project.id))

    def events_before(self, requester: Requester, project: Project) -> int:
        """How many events came in the 24 hours before the last. Raises: Forbidden."""
        require(requester, "read", "manage", project_id=project.id)
        first = self._first_hour()
        counts = self._database.read(lambda: figures.type_counts(self._database, project.id, first - HOURS))
        return sum(one.events for one in counts if one.hour < first)

    def server(self, requester: Requester) -> Server:
        """How the whole server does. Raises: Forbidden."""
        require(requester, "admin")

        def read() -> Server:
            now = self._database.clock.now()
            first = self._first_hour()
            subjects = [project_subject(project.id) for project in projects.find(limit=PROJECTS_MAX)]
            total = [Results() for _ in range(HOURS)]
            for hours in self._hours(subjects).values():
                for whole, one in zip(total, hours.results, strict=True):
                    whole.merge(one)
            long_ago = first + HOURS - DISK_HOURS
            return Server(
                now,
                Hours(first, tuple(total)),
                figures.gauges(self._database, ("waiting", "oldest_s"), first),
                figures.gauges(self._database, ("database_bytes",), long_ago)["database_bytes"],
                workers.seen(),
                self._database.size_bytes(),
                history.oldest_waiting(self._database),
            )

        return self._database.read(read)

    def _rows(self, found: Sequence[Hook]) -> list[HookRow]:
        hours = self._hours([hook.id for hook in found])
        unwell = [hook.id for hook in found if hook.state != "active" or hook.health.open_until is not None]
        waiting = hook_lists.open_counts(self._database, unwell, OPEN_MAX)
        times = hook_lists.next_attempts([hook for hook in found if hook.state == "failing"])
        return [HookRow(hook, hours[hook.id], waiting.get(hook.id, 0), times.get(hook.id)) for hook in found]

    def _hours(self, subjects: Sequence[str]) -> dict[str, Hours]:
        first = self._first_hour()
        found = figures.results(self._database, subjects, first)
        return {
            subject: Hours(
                first,
                tuple(found.get(subject, {}).get(hour, Results()) for hour in range(first, first + HOURS)),
            )
            for subject in subjects
        }

    def _first_hour(self) -> int:
        return hour_of(self._database.clock.now()) - HOURS + 1


def _type_row(code: str, found: Sequence[figures.TypeCount], first: int) -> TypeRow:
    hours = [0] * HOURS
    for one in found:
        if one.hour - first < HOURS:
            hours[one.hour - first] += one.events
    return TypeRow(
        code,
        sum(one.events for one in found),
        sum(one.deliveries for one in found),
        max(one.last_at for one in found),
        hours,
    )
