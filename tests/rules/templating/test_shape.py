"""What is certain of a template before it has seen an event: that it can never make JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Event
from connectors.registry import format_of
from hub.rules.templating.constants import TemplateWrong
from hub.rules.templating.rendering import rendered
from hub.rules.templating.shape import no_json
from hub.rules.templating.values import TemplateRefused


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("Story {{ name }} is done", "begins with 'Story'"),
        ("Done: {% if a %}{{ a }}{% endif %}", "begins with 'Done:'"),
        ('{"text": "{{ name }}"', "line 1: Expecting ',' delimiter"),
        ('{"text": "{{ name }}",\n}', "line 2: Expecting property name enclosed in double quotes"),
        ('{"text": {{ name }} is done}', "line 1: Expecting ',' delimiter"),
        ("{'text': {{ name }}}", "line 1: Expecting property name enclosed in double quotes"),
    ],
)
def test_it_says_why(source: str, why: str) -> None:
    assert (no_json(source) or "").startswith(why)


@pytest.mark.parametrize(
    "source",
    [
        '{"text": "{{ name }} is {{ state }}", "n": {{ n }}, {{ key }}: -{{ n }}}',
        "{{ data }}",
        "{{ a }}{{ b }}",
        "1{{ n }}",
        "{{ n }}0",
        "[{% for one in events %}{{ one.id }},{% endfor %}]",
        "{% if a %}oops{% endif %}",
        "{{ a | raw }}",
        '{{ "[" | raw }}]',
        "{# a comment #}{}",
        "  null ",
    ],
)
def test_what_may_make_json_is_left_to_the_events(source: str) -> None:
    assert no_json(source) is None


@pytest.mark.parametrize("source", ["{{ a" + ".a" * 2_000 + " }}", "{{ a" + "|upper" * 1_500 + " }}"])
def test_what_cannot_be_read_is_said_so_however_deep_it_is(source: str) -> None:
    with pytest.raises(TemplateWrong, match="too deeply"):
        no_json(source)


VALUES = st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from(["", "a", '"', "\\"]) | st.just([])
PIECES = st.sampled_from(
    [*'{}[]",:-10e. ', "{{ a }}", "{{ b }}", '"k": ', "null", "{{ a | upper }}", "{{ b | raw }}"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=7), VALUES, VALUES)
def test_nothing_is_refused_that_makes_json_of_some_event(parts: list[str], a: Any, b: Any) -> None:
    source = "".join(parts)
    event = Event("evt_1", "t", "2026-11-23T21:04:06.123Z", "P", json.dumps({"a": a, "b": b}).encode())
    try:
        made = rendered(source, event, format_of("standard"))
    except (TemplateRefused, TemplateWrong):
        return
    json.loads(made)
    assert no_json(source) is None
