"""Sources: made and changed by managers, written down in the audit trail, bounded in number."""

import pytest

from hub.errors import ChangedMeanwhile, Conflict, Forbidden, Invalid, NotFound
from hub.operations.sources import SourceChange, Sources
from hub.store import audit, models, sources
from tests.rigs.requesters import NOBODY, manager, managing_token, member
from tests.rigs.stage import Stage


def of(store: Stage, **most: int) -> Sources:
    return Sources(store.database, store.box, "https://hub.example/base", **most)


def test_a_manager_makes_changes_and_ends_a_source_and_each_step_is_in_the_trail(store: Stage) -> None:
    maria, made_by = manager(store.project), of(store)
    saved = made_by.create(maria, store.project, "github", name="ci")
    source = saved.source
    assert saved.secret is not None
    assert made_by.url(source) == f"https://hub.example/base/in/{source.id}"
    assert (source.prefix, source.created_by, source.is_on) == ("github", "maria", True)
    assert made_by.list(maria, store.project) == (source,)
    same = made_by.update(maria, store.project, source.id, SourceChange(name="ci", is_on=True))
    assert same == source
    changed = made_by.update(maria, store.project, source.id, SourceChange(is_on=False, prefix=""))
    assert (changed.is_on, changed.prefix) == (False, "")
    theirs = made_by.rotate_secret(maria, store.project, source.id, "their secret", 0)
    assert theirs.secret is None
    now = store.clock.now()
    assert sources.secrets_of(store.box, theirs.source, now) == ("their secret",)
    made_by.delete(maria, store.project, source.id)
    with pytest.raises(NotFound):
        made_by.get(maria, store.project, source.id)
    entries = store.read(lambda: audit.entries(object_id=source.id))
    assert [one.action for one in entries][::-1] == [
        "source.created",
        "source.updated",
        "source.secret_rotated",
        "source.deleted",
    ]
    assert saved.secret not in repr(entries)
    assert "their secret" not in repr(entries)


def test_whoever_says_what_they_saw_undoes_nothing_unseen(store: Stage) -> None:
    maria, made_by = manager(store.project), of(store)
    first = made_by.create(maria, store.project, "github", name="ci").source
    store.clock.advance(1)
    theirs = made_by.update(maria, store.project, first.id, SourceChange(prefix="gh"), first.updated_at)

    with pytest.raises(ChangedMeanwhile):
        made_by.update(maria, store.project, first.id, SourceChange(name="mine"), first.updated_at)
    assert made_by.get(maria, store.project, first.id) == theirs
    arrived = {first.id: sources.Arrivals(accepted=1)}
    store.database.write(lambda: sources.record(arrived)).result()
    mine = made_by.update(maria, store.project, first.id, SourceChange(name="mine"), theirs.updated_at)
    assert (mine.name, mine.prefix, mine.accepted) == ("mine", "gh", 1)


def test_nobody_else_may_even_look_because_an_address_may_be_all_that_proves(store: Stage) -> None:
    made_by = of(store)
    source = made_by.create(managing_token(store.project), store.project, "none").source
    for requester in (NOBODY, member(store.project)):
        with pytest.raises(Forbidden):
            made_by.list(requester, store.project)
        with pytest.raises(Forbidden):
            made_by.refusals(requester, store.project, source.id)
        with pytest.raises(Forbidden):
            made_by.create(requester, store.project, "none")


def test_there_are_so_many_and_no_more(store: Stage) -> None:
    made_by, maria = of(store, sources_max=2), manager(store.project)
    made = [made_by.create(maria, store.project, "none").source for _ in range(2)]
    with pytest.raises(Conflict, match="delete one"):
        made_by.create(maria, store.project, "none")
    made_by.delete(maria, store.project, made[0].id)
    made_by.create(maria, store.project, "none")


def test_a_kind_that_is_gone_can_be_deleted_and_not_changed(store: Stage) -> None:
    made_by, maria = of(store), manager(store.project)
    source = made_by.create(maria, store.project, "none").source
    store.do(lambda: models.Source.update(kind="acme").where(models.Source.id == source.id).execute())
    with pytest.raises(Invalid, match="no kind of source"):
        made_by.update(maria, store.project, source.id, SourceChange(name="x"))
    made_by.delete(maria, store.project, source.id)
