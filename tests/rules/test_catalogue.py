"""Which types a project knows."""

import pytest

from hub.rules.catalogue import CATALOGUES, OWN_TYPES, default_format, pattern_error, type_error, types_of


def test_an_open_project_takes_any_well_formed_type_and_pattern() -> None:
    assert types_of("open") is None
    assert type_error("open", "anything.atAll") is None
    for pattern in ("*", "anything.*", "anything.atAll", "hook.*", "hook.disabled"):
        assert pattern_error("open", pattern) is None
    assert "words joined by dots" in str(type_error("open", "Not.this"))
    assert "is no pattern" in str(pattern_error("open", "*.create"))


def test_a_catalogue_knows_its_own_types_only_and_names_the_nearest() -> None:
    assert type_error("icescrum", "story.create") is None
    assert "did you mean story.create?" in str(type_error("icescrum", "story.creat"))
    assert "GET /api/v1/event-types" in str(type_error("icescrum", "zzzzzzzz"))


def test_a_catalogues_hooks_may_want_its_types_groups_of_them_everything_and_the_hubs_own() -> None:
    for pattern in ("*", "story.*", "story.create", "hook.*", "hook.disabled"):
        assert pattern_error("icescrum", pattern) is None, pattern
    for pattern in ("stories.*", "story.creat", "story.create.*", "hook.ping", "hook.nothing"):
        assert "matches no event type" in str(pattern_error("icescrum", pattern)), pattern


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_nobody_publishes_the_hubs_own_types_into_a_catalogue_of_others(catalogue: str) -> None:
    assert all(
        (types_of(catalogue) or {}).get(own.id if hasattr(own, "id") else own.code) is None
        for own in OWN_TYPES
    )


def test_a_catalogues_default_format_is_its_own() -> None:
    assert (default_format("open"), default_format("icescrum")) == ("standard", "icescrum")


def test_nobody_subscribes_to_tests_in_an_open_project_either() -> None:
    assert "cannot be subscribed to" in str(pattern_error("open", "hook.ping"))
    for pattern in ("hook.*", "hook.disabled", "hook.pinged", "hook.ping.*"):
        assert pattern_error("open", pattern) is None
