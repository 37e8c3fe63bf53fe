"""Projects and their connectors."""

from hub.store import projects
from tests.rigs.stage import Stage


def test_a_project_is_found_by_key_and_id_as_it_was_made(store: Stage) -> None:
    made = store.do(lambda: projects.add("NEW", "", "icescrum", store.clock.now()))
    assert (made.key, made.name, made.catalogue, made.is_archived) == ("NEW", "NEW", "icescrum", False)
    assert store.read(lambda: projects.by_key("NEW")) == store.read(lambda: projects.by_id(made.id)) == made
    for key in ("new", "NEW\0", ""):
        assert store.read(lambda key=key: projects.by_key(key)) is None  # type: ignore[misc]


def test_projects_are_listed_newest_first_and_page(store: Stage) -> None:
    a, b, c = (store.do(lambda key=key: projects.add(key, "", "open", 0)) for key in ("AA", "BB", "CC"))  # type: ignore[misc]
    assert store.read(lambda: projects.find(limit=2)) == (c, b)
    assert store.read(lambda: projects.find(b)) == (a, store.project)


def test_an_archived_project_says_so_until_it_is_back(store: Stage) -> None:
    store.do(lambda: projects.archive(store.database, store.project, True, 7.0))
    found = store.read(lambda: projects.by_key("DEMO"))
    assert found is not None
    assert (found.is_archived, found.archived_at) == (True, 7.0)
    store.do(lambda: projects.archive(store.database, store.project, False, 8.0))
    assert store.read(lambda: projects.by_key("DEMO")) == store.project


def test_connectors_are_switched_per_project(store: Stage) -> None:
    for _ in range(2):
        store.do(lambda: projects.switch_connector(store.project.id, "zapier", True, "ann", 0))
    assert "zapier" in store.read(lambda: projects.connectors(store.project.id))
    assert store.read(lambda: projects.connectors(store.project.id + 1)) == set()
    store.do(lambda: projects.switch_connector(store.project.id, "zapier", False, "ann", 0))
    assert "zapier" not in store.read(lambda: projects.connectors(store.project.id))
