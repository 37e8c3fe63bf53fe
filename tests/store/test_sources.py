"""Sources and their refusals, on both engines."""

from hub.rules.settings import Settings
from hub.store import projects, retention, sources
from hub.store.secrets import SecretBox
from hub.store.sources import REFUSALS_MAX, Arrivals, RefusedRequest, Source
from tests.rigs.stage import Stage

DAY = 86_400.0


def made(store: Stage, name: str = "ci", secret: str | None = "s3cret") -> Source:
    return store.do(
        lambda: sources.add(
            store.box,
            project_id=store.project.id,
            kind="github",
            name=name,
            prefix="github",
            settings={"type": "body:type"},
            secret=secret,
            is_on=True,
            rate_per_s=None,
            created_by="maria",
            now=store.clock.now(),
        )
    )


def refused(store: Stage, source: Source, reason: str) -> None:
    refusal = RefusedRequest(store.clock.now(), 401, reason, "192.0.2.7", (("host", "hub"),), b"\xff{")
    store.do(lambda: sources.record({source.id: Arrivals(refused=2, last_refusal=refusal)}))


def secrets_of(store: Stage, source_id: str) -> tuple[str, ...]:
    found = store.read(lambda: sources.by_id(source_id))
    assert found is not None
    return sources.secrets_of(store.box, found, store.clock.now())


def test_a_source_is_listed_newest_first_and_page_by_page(store: Stage) -> None:
    ids = []
    for n in range(3):
        ids.append(made(store, f"n{n}").id)
        store.clock.advance(1)
    assert [one.id for one in store.read(lambda: sources.find(store.project.id))] == ids[::-1]
    assert [one.id for one in store.read(lambda: sources.find(store.project.id, ids[1]))] == ids[:1]
    assert store.read(lambda: sources.count(store.project.id)) == 3
    assert store.read(lambda: sources.find(store.project.id + 1)) == ()


def test_an_old_secret_proves_a_sender_until_its_overlap_ends(store: Stage) -> None:
    source = made(store)
    rotated = store.do(lambda: sources.rotate(store.box, source, "new", 3600, store.clock.now()))
    assert secrets_of(store, source.id) == ("new", "s3cret")
    store.clock.advance(3601)
    assert secrets_of(store, source.id) == ("new",)
    store.do(lambda: sources.rotate(store.box, rotated, "newest", 0, store.clock.now()))
    assert secrets_of(store, source.id) == ("newest",)


def test_secrets_of_another_key_prove_nobody(store: Stage) -> None:
    source = made(store)
    assert source.has_secret
    assert "s3cret" not in repr(source)
    assert sources.secrets_of(SecretBox(["another key"]), source, store.clock.now()) == ()


def test_a_deleted_source_forgets_its_secrets_at_once_and_is_gone_after_a_month(store: Stage) -> None:
    source = made(store)
    refused(store, source, "x")
    store.do(lambda: sources.delete(source, store.clock.now()))
    left = store.read(lambda: sources.by_id(source.id))
    assert left is not None
    assert left.deleted_at == store.clock.now()
    assert not left.has_secret
    assert store.do(lambda: sources.locked(store.database, store.project.id, source.id)) is None
    for days, is_there in ((29.9, True), (0.2, False)):
        store.clock.advance(days * DAY)
        store.do(lambda: retention.forget(Settings(), store.clock.now()))
        assert (store.read(lambda: sources.by_id(source.id)) is not None) is is_there
    assert store.read(lambda: sources.refusals(source.id)) == ()


def test_a_deleted_project_takes_its_sources_with_it(store: Stage) -> None:
    source = made(store)
    store.do(lambda: projects.delete(store.project, store.clock.now()))
    left = store.read(lambda: sources.by_id(source.id))
    assert left is not None
    assert left.deleted_at is not None


def test_what_came_is_added_up_and_only_the_last_refusals_are_kept(store: Stage) -> None:
    source = made(store)
    for n in range(REFUSALS_MAX + 5):
        refused(store, source, f"reason {n}")
    came = Arrivals(accepted=3, repeated=1, dropped=2, last_event_at=store.clock.now())
    store.do(lambda: sources.record({source.id: came, "src_unknown": Arrivals(accepted=1)}))
    found = store.read(lambda: sources.by_id(source.id))
    assert found is not None
    assert (found.accepted, found.repeated, found.dropped, found.refused) == (3, 1, 2, 110)
    assert found.last_refused_reason == f"reason {REFUSALS_MAX + 4}"
    kept = store.read(lambda: sources.refusals(source.id))
    assert [one.reason for one in kept] == [f"reason {n}" for n in range(REFUSALS_MAX + 4, 4, -1)]
    older = store.read(lambda: sources.refusals(source.id, 2, kept[9].id))
    assert older == kept[10:12]
    assert (kept[0].body, kept[0].headers) == (b"\xff{", (("host", "hub"),))


def test_refusals_end_with_the_retention(store: Stage) -> None:
    source = made(store)
    refused(store, source, "old")
    store.clock.advance(15 * DAY)
    refused(store, source, "new")
    store.do(lambda: retention.forget(Settings(), store.clock.now()))
    assert [one.reason for one in store.read(lambda: sources.refusals(source.id))] == ["new"]
