"""The fields of a source: each that cannot be is named with what to write instead."""

import pytest

from connectors import registry
from connectors.inbound import Source
from hub.logs import MASK
from hub.rules import source_fields
from hub.rules.hook_fields import SECRET_MAX
from hub.rules.source_fields import PREFIX_MAX, RATE_MAX, RATE_MIN


@pytest.fixture
def github() -> Source:
    return registry.source("github")


@pytest.mark.parametrize("prefix", ["", "github", "ci.github", "a" * PREFIX_MAX])
def test_a_prefix_may_be_empty_or_begin_a_type(prefix: str) -> None:
    assert source_fields.prefix_errors(prefix) == []


@pytest.mark.parametrize("prefix", ["Git", "git hub", "git.", "9", "a" * (PREFIX_MAX + 1)])
def test_any_other_prefix_is_refused(prefix: str) -> None:
    [(field, message)] = source_fields.prefix_errors(prefix)
    assert (field, "such as github" in message) == ("prefix", True)


@pytest.mark.parametrize(
    ("rate", "fits"), [(None, True), (RATE_MIN, True), (RATE_MAX, True), (0.0, False), (RATE_MAX + 1, False)]
)
def test_a_rate_is_within_its_bounds_or_none(rate: float | None, fits: bool) -> None:
    assert [field for field, _ in source_fields.rate_errors(rate)] == ([] if fits else ["rate_per_s"])


def test_a_name_is_one_line_of_text() -> None:
    assert source_fields.name_errors("Our CI") == []
    assert [field for field, _ in source_fields.name_errors("a\nb")] == ["name"]


@pytest.mark.parametrize("secret", ["", MASK, "a\0b", "x" * (SECRET_MAX + 1)])
def test_what_could_prove_nothing_is_no_secret(github: Source, secret: str) -> None:
    assert [field for field, _ in source_fields.secret_errors(github, secret)] == ["secret"]
    assert source_fields.secret_errors(github, "a long secret of ours") == []


def test_a_kind_without_a_secret_takes_none() -> None:
    kinds = [kind for kind in map(registry.source, registry.source_keys()) if kind.secret_from == "nowhere"]
    for kind in kinds:
        assert "leave it out" in source_fields.secret_errors(kind, "a long secret of ours")[0][1]


def test_settings_get_their_defaults_and_what_is_unknown_is_named(github: Source) -> None:
    values, errors = source_fields.settings_of(github, {})
    assert (values.keys(), errors) == ({setting.key for setting in github.settings}, [])
    _, wrong = source_fields.settings_of(github, {"nope": "x"})
    assert [field for field, _ in wrong] == ["settings.nope"]


def test_every_kind_says_what_is_missing_by_the_settings_own_words() -> None:
    for kind in map(registry.source, registry.source_keys()):
        _, errors = source_fields.settings_of(kind, {setting.key: "" for setting in kind.settings})
        needed = {f"settings.{setting.key}" for setting in kind.settings if setting.is_required}
        assert needed <= {field for field, _ in errors}, kind.name
