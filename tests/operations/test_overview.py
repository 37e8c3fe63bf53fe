"""What people look at: hooks with their figures, and how a project and the server have done by the hour."""

import pytest

from hub.engine.intake import Intake
from hub.errors import Forbidden
from hub.operations.overview import HOURS, Overview
from hub.rules.access import Requester
from hub.store import figures, projects, workers
from hub.store.figures import hour_of
from hub.store.hook_lists import Wanted
from tests.rigs.requesters import ADMIN, member
from tests.rigs.stage import Stage

PUBLISHER = Requester("p", frozenset({"publish"}))


@pytest.fixture
def overview(store: Stage) -> Overview:
    return Overview(store.database, Intake(store.database, lambda: None))


def test_the_worst_hooks_come_first_with_what_waits_for_them(store: Stage, overview: Overview) -> None:
    who, project = member(store.project), store.project
    well, failing, off = store.hook(name="well"), store.hook(name="failing"), store.hook(name="off")
    store.publish([failing, off], 3)
    store.set(failing, state="failing", open_until=store.clock.now() + 7)
    store.set(off, state="auto_disabled")
    rows = overview.attention(who, project, 10)
    assert [(row.hook.id, row.open_count) for row in rows] == [(off, 3), (failing, 3)]
    assert [row.next_attempt_at for row in rows] == [None, store.clock.now() + 7]
    assert overview.attention(who, project, 1) == rows[:1]
    page = overview.hooks(who, project, Wanted(), 0)
    assert (page.found, {row.hook.id for row in page.rows}) == (3, {well, failing, off})
    assert overview.hooks(who, project, Wanted(), 1).rows == []
    assert overview.states(who, project)["auto_disabled"] == 1
    assert overview.hooks_by_app(who, project) == {"api": 3}


def test_a_day_has_its_hours_the_running_one_last(store: Stage, overview: Overview) -> None:
    hook = store.hook()
    store.publish([hook], 2)
    one, two = store.claim()
    store.record([one])
    store.clock.advance(3600)
    store.record([two], "failure")
    hours = overview.results(member(store.project), store.project)
    assert (len(hours.results), hours.first) == (HOURS, hour_of(store.clock.now()) - HOURS + 1)
    assert (hours.delivered[-2:], hours.failed[-2:]) == ([1, 0], [0, 1])
    assert (hours.whole.delivered, hours.whole.failed) == (1, 1)
    assert overview.projects([store.project])[store.project.id][0] == hours
    store.clock.advance(23 * 3600)
    assert overview.results(member(store.project), store.project).whole.delivered == 0


def test_types_are_listed_by_how_often_they_came_and_what_was_before_is_summed(
    store: Stage, overview: Overview
) -> None:
    now, project = store.clock.now(), store.project
    hour = hour_of(now)
    counts = {
        (project.id, "a.often", hour): (5, 10, now),
        (project.id, "a.often", hour - 1): (1, 1, now - 3600),
        (project.id, "b.once", hour): (1, 0, now),
        (project.id, "b.once", hour - HOURS): (7, 0, now - 86_400),
    }
    store.do(lambda: figures.add_events(store.database, counts))
    often, once = overview.types(member(project), project)
    assert (often.type, often.events, often.deliveries, often.last_at) == ("a.often", 6, 11, now)
    assert often.hours[-2:] == [1, 5]
    assert (once.type, once.events) == ("b.once", 1)
    assert overview.events_before(member(project), project) == 7
    assert overview.projects([project])[project.id][1] == 7
    assert overview.seen(member(project), project)["b.once"][1] == now


def test_the_server_is_all_projects_together(store: Stage, overview: Overview) -> None:
    other = store.do(lambda: projects.add("OTHER", "Other", "open", store.clock.now()))
    hour, now = hour_of(store.clock.now()), store.clock.now()
    hook = store.hook()
    store.publish([hook], 2)
    store.record(store.claim(free=1))
    store.do(lambda: workers.beat("w", now))
    store.do(
        lambda: figures.set_gauges(store.database, {"waiting": 4, "oldest_s": 9, "database_bytes": 5}, now)
    )
    server = overview.server(ADMIN)
    assert server.hours.whole.delivered == 1
    assert (server.gauges["waiting"], server.gauges["oldest_s"], server.sizes) == (
        {hour: 4},
        {hour: 9},
        {hour: 5},
    )
    assert [one.id for one in server.workers] == ["w"]
    assert server.database_bytes > 0
    assert server.oldest_at is not None
    assert overview.projects([other])[other.id][1] == 0


def test_who_would_get_an_event_is_told_as_it_is_now(store: Stage, overview: Overview) -> None:
    hook = store.hook(events=["a.*"])
    assert overview.wanting(store.project, ["a.b", "c"]) == {"a.b": [hook], "c": []}
    store.switch(hook, False)
    assert overview.wanting(store.project, ["a.b"]) == {"a.b": []}


def test_figures_are_for_those_who_see_hooks_and_the_server_for_administrators(
    sqlite: Stage,
) -> None:
    overview, project = Overview(sqlite.database, Intake(sqlite.database, lambda: None)), sqlite.project
    for ask in (
        lambda: overview.hooks(PUBLISHER, project, Wanted(), 0),
        lambda: overview.attention(PUBLISHER, project, 1),
        lambda: overview.states(PUBLISHER, project),
        lambda: overview.hooks_by_app(PUBLISHER, project),
        lambda: overview.results(PUBLISHER, project),
        lambda: overview.types(PUBLISHER, project),
        lambda: overview.seen(PUBLISHER, project),
        lambda: overview.events_before(PUBLISHER, project),
        lambda: overview.server(member(project)),
    ):
        with pytest.raises(Forbidden):
            ask()
