"""What a source's fields may be, by what its kind asks for."""

from connectors import registry
from hub.logs import MASK
from hub.rules import source_fields


def test_settings_that_are_left_out_have_their_defaults() -> None:
    values, errors = source_fields.settings_of(registry.source("generic_hmac"), {"header": " X-S "})
    assert errors == []
    assert (values["header"], values["algorithm"], values["id"]) == ("X-S", "sha256", "")


def test_every_wrong_setting_is_named_at_once_with_what_there_is() -> None:
    _, errors = source_fields.settings_of(registry.source("shopify"), {"topics": "x" * 201, "colour": "red"})
    assert [field for field, _ in errors] == ["settings.colour", "settings.shop", "settings.topics"]
    assert errors[0][1] == "there is no such setting; there are: shop, topics"
    _, errors = source_fields.settings_of(registry.source("github"), {"colour": "red"})
    assert errors == [("settings.colour", "there is no such setting; this kind has none")]


def test_a_prefix_is_empty_or_words_of_an_event_type() -> None:
    for prefix in ("", "github", "team.ci"):
        assert source_fields.prefix_errors(prefix) == []
    for prefix in ("GitHub", "a.", "a b", "*", "x" * 61):
        assert [field for field, _ in source_fields.prefix_errors(prefix)] == ["prefix"]


def test_a_secret_is_what_its_kind_can_use() -> None:
    github, standard, none = (registry.source(key) for key in ("github", "standard", "none"))
    assert source_fields.secret_errors(github, "whsec_no base64") == []
    assert source_fields.secret_errors(standard, standard.new_secret()) == []
    for kind, secret in ((standard, "whsec_!"), (none, "x"), (github, ""), (github, MASK), (github, "a\0")):
        assert [field for field, _ in source_fields.secret_errors(kind, secret)] == ["secret"]


def test_a_rate_lies_within_bounds() -> None:
    assert source_fields.rate_errors(None) == source_fields.rate_errors(0.1) == []
    for rate in (0, -1, float("nan"), 10_001):
        assert [field for field, _ in source_fields.rate_errors(rate)] == ["rate_per_s"]
