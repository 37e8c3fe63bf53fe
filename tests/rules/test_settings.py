"""What a setting's value may be."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Invalid
from hub.rules.settings import DEFINITIONS, Settings, checked, read, settings_from

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.one_of(st.floats(), st.integers(), st.text(max_size=2))),
)


def kept(key: str, value: Any) -> Any:
    return checked({key: value})[key]


def test_every_setting_has_a_definition_and_a_default_that_it_takes() -> None:
    assert set(DEFINITIONS) == {field.name for field in dataclasses.fields(Settings)}
    for key, value in Settings().as_dict().items():
        assert kept(key, value) == value


@pytest.mark.parametrize("key", [key for key, definition in DEFINITIONS.items() if not definition.is_list])
def test_the_ends_of_a_range_belong_to_it_and_what_lies_beyond_does_not(key: str) -> None:
    definition = DEFINITIONS[key]
    step = 1 if definition.is_whole else 0.0001
    assert kept(key, definition.minimum) == definition.minimum
    assert kept(key, definition.maximum) == definition.maximum
    for value in (definition.minimum - step, definition.maximum + step):
        with pytest.raises(Invalid, match=key):
            kept(key, value)


@pytest.mark.parametrize("key", list(DEFINITIONS))
@pytest.mark.parametrize(
    "value",
    [None, True, "5", {}, float("nan"), float("inf"), float("-inf"), 10**400, ["5"], [float("nan")], [True]],
)
def test_what_is_no_number_is_refused(key: str, value: Any) -> None:
    with pytest.raises(Invalid, match=key):
        kept(key, value)


def test_whole_numbers_have_no_fraction_but_may_be_written_with_a_point() -> None:
    assert kept("failure_limit", 5.0) == 5
    assert isinstance(kept("failure_limit", 5.0), int)
    with pytest.raises(Invalid, match="whole number of failures in a row from 0 to 1000000"):
        kept("failure_limit", 5.5)


def test_a_schedule_may_be_empty_fractional_and_of_fifty_steps() -> None:
    assert kept("retry_schedule_s", []) == []
    assert kept("retry_schedule_s", [0.01, 5]) == [0.01, 5]
    assert len(kept("retry_schedule_s", [1] * 50)) == 50
    for wrong in ([1] * 51, [-1], [604_801], 5, "5", {"0": 5}):
        with pytest.raises(Invalid, match="retry_schedule_s"):
            kept("retry_schedule_s", wrong)


def test_an_unknown_setting_is_refused_with_the_list_of_known_ones() -> None:
    with pytest.raises(Invalid, match="failure_limit"):
        kept("failure_limits", 5)


def test_what_is_stored_goes_over_the_defaults_and_a_newer_releases_keys_are_passed_over() -> None:
    found = settings_from({"failure_limit": 3, "retry_schedule_s": [1, 2], "of_tomorrow": 1})
    assert found == dataclasses.replace(Settings(), failure_limit=3, retry_schedule_s=(1, 2))


@given(st.sampled_from([*DEFINITIONS, "nonsense"]), ANYTHING)
def test_a_value_is_taken_within_its_range_or_refused_and_nothing_else(key: str, value: Any) -> None:
    try:
        taken = kept(key, value)
    except Invalid:
        return
    definition = DEFINITIONS[key]
    for number in taken if definition.is_list else [taken]:
        assert definition.minimum <= number <= definition.maximum
    settings_from({key: taken})


def test_all_that_cannot_be_is_told_at_once() -> None:
    with pytest.raises(Invalid) as caught:
        checked({"failure_limit": 3, "hold_days": -1, "nonsense": 1})
    assert [field for field, _ in caught.value.errors] == ["hold_days", "nonsense"]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("failure_limit", "10", 10),
        ("max_event_bytes", "2 MiB", 2_097_152),
        ("retention_days", "12h", 0.5),
        ("retry_schedule_s", "5,60,300", [5, 60, 300]),
        ("retry_schedule_s", "[0.5, 1m]", [0.5, 60]),
        ("retry_schedule_s", "", []),
    ],
)
def test_a_value_is_read_as_people_write_it(key: str, text: str, value: Any) -> None:
    assert kept(key, read(key, text)) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [("failure_limit", "five"), ("failure_limit", "5, 6"), ("retry_schedule_s", "5,,6"), ("nonsense", "5")],
)
def test_what_cannot_be_read_names_the_setting(key: str, text: str) -> None:
    with pytest.raises(Invalid, match=key):
        read(key, text)
