"""Notices: one open row a subject, true to what was committed, closed before told is told to nobody."""

from dataclasses import replace

from hub.rules.notices import FAILING_S, REFUSALS_MIN
from hub.store import broker_connections, models, notices
from hub.store.notices import Notice
from tests.rigs.stage import Stage


def found(store: Stage, **how: object) -> list[Notice]:
    values = {"project_ids": [store.project.id], **how}
    return list(store.read(lambda: notices.find(store.clock.now(), **values)))  # type: ignore[arg-type]


def changed(store: Stage, hook: str, before: str, after: str, reason: str = "") -> None:
    now = store.clock.now()
    store.do(lambda: notices.hook_changed(store.database, hook, store.project.id, before, after, reason, now))


def told(store: Stage) -> None:
    ids = [one.id for one in found(store)]
    store.do(lambda: notices.mark_told(ids, store.clock.now()))


def test_a_hook_that_fails_is_news_after_six_hours(store: Stage) -> None:
    hook = store.hook(name="Chat")
    changed(store, hook, "active", "failing", "answered 500")
    assert found(store) == []
    store.clock.advance(FAILING_S)
    [one] = found(store)
    assert (one.kind, one.title, one.reason, one.project_key) == ("failing", "Chat", "answered 500", "DEMO")


def test_what_ends_before_anybody_was_told_is_told_to_nobody(store: Stage) -> None:
    hook = store.hook()
    changed(store, hook, "active", "failing")
    changed(store, hook, "failing", "active")
    store.clock.advance(FAILING_S)
    assert found(store, open_only=False) == [], "it was never news"
    changed(store, hook, "active", "failing")
    store.clock.advance(FAILING_S)
    changed(store, hook, "failing", "active")
    assert found(store) == []
    assert [one.told_at for one in found(store, open_only=False)] == [None]


def test_a_recovery_is_told_to_people_who_know_of_the_failure(store: Stage) -> None:
    hook = store.hook()
    changed(store, hook, "active", "failing")
    store.clock.advance(FAILING_S)
    told(store)
    changed(store, hook, "failing", "active")
    [one] = found(store)
    assert (one.kind, one.told_at) == ("recovered", None)
    store.clock.advance(2 * 86_400)
    store.do(lambda: notices.tidy(store.clock.now()))
    assert found(store) == []


def test_going_off_is_news_again_and_a_person_who_switches_it_ends_it(store: Stage) -> None:
    hook = store.hook()
    changed(store, hook, "active", "failing")
    store.clock.advance(FAILING_S)
    told(store)
    changed(store, hook, "failing", "auto_disabled", "5 failures")
    [one] = found(store)
    assert (one.kind, one.reason, one.told_at) == ("auto_disabled", "5 failures", None)
    changed(store, hook, "auto_disabled", "active")
    assert found(store) == []


def test_outcomes_change_the_notice_in_their_own_transaction(store: Stage) -> None:
    store.settings = replace(store.settings, failure_limit=2, retry_schedule_s=())
    store.clock.advance(-store.clock.now() % 86_400 + 3600)  # both on one day, whenever the test runs
    hook = store.hook()
    for _ in range(2):
        store.publish([hook])
        switched = store.record(store.claim(), "failure", phase="connect")
        store.clock.advance(3600)
    assert [one.after for one in switched] == ["auto_disabled"]
    [one] = found(store)
    assert (one.kind, one.count) == ("deliveries_failed", 2), "summed for the hook and the day"
    store.delete(hook)
    assert found(store) == []


def test_the_hubs_own_faults_are_nobodys_news(store: Stage) -> None:
    hook = store.hook()
    store.publish([hook])
    for _ in range(3):
        store.record(store.claim(), "fault", phase="dns")
        store.clock.advance(400)
        store.promote()
    store.clock.advance(FAILING_S)
    assert found(store) == []


def test_a_notice_is_seen_by_managers_by_the_maker_and_by_administrators(store: Stage) -> None:
    hook = store.hook(origin_kind="page", created_by="ann")
    changed(store, hook, "active", "auto_disabled", "why")
    now = store.clock.now()
    store.do(lambda: notices.tell(store.database, "hub", "hub:x", None, "x", "trouble", now))
    assert [one.kind for one in found(store, project_ids=[])] == []
    assert [one.kind for one in found(store, project_ids=[], maker="ann")] == ["auto_disabled"]
    assert [one.kind for one in found(store, project_ids=[], maker="bob")] == []
    assert {one.kind for one in found(store, project_ids=None, is_admin=True)} == {"auto_disabled", "hub"}


def test_a_source_that_takes_nothing_is_told_until_it_does(store: Stage) -> None:
    now = store.clock.now()
    store.do(
        lambda: models.Source.create(
            id="src_1",
            project_id=store.project.id,
            kind="github",
            name="Our GitHub",
            prefix="",
            settings="{}",
            is_on=True,
            created_by="ann",
            created_at=now - 7200,
            updated_at=now,
            last_refused_at=now,
            last_refused_reason="the signature is wrong",
            refused=REFUSALS_MIN,
        )
    )
    for _ in range(2):
        store.do(lambda: notices.look_at_sources(store.database, store.clock.now()))
    [one] = found(store)
    assert (one.kind, one.title, one.reason) == ("source_refuses", "Our GitHub", "the signature is wrong")
    store.do(lambda: models.Source.update(last_event_at=now).execute())
    store.do(lambda: notices.look_at_sources(store.database, store.clock.now()))
    assert found(store) == []


def test_a_deleted_hook_is_no_news(store: Stage) -> None:
    hook = store.hook()
    changed(store, hook, "active", "gone", "410")
    store.delete(hook)
    assert found(store) == []


def test_a_connection_that_is_down_is_one_notice_however_many_hooks_and_none_without(store: Stage) -> None:
    columns = {"name": "orders", "kind": "nats", "url": "nats://a", "verify_ssl": True}
    made = store.do(lambda: broker_connections.add(store.box, columns, None, "root", store.clock.now()))
    hooks = [store.hook(target_url=f"broker://orders/{n}") for n in range(3)]

    def look(error: str | None) -> list[Notice]:
        store.do(lambda: broker_connections.report("orders", error, store.clock.now()))
        store.do(lambda: notices.look_at_connections(store.database, store.clock.now()))
        return found(store, project_ids=None, is_admin=True)

    for _ in range(2):
        [one] = look("NATS is not to be had")
        assert (one.kind, one.title, one.reason, one.count) == (
            "connection",
            "orders",
            "NATS is not to be had",
            1,
        )
    assert one.subject_id == made.id
    assert found(store, is_admin=True) == [one]
    assert found(store) == [], "it is for administrators"
    assert look(None) == []
    for hook in hooks:
        store.set(hook, deleted_at=1.0)
    assert look("NATS is not to be had") == []
