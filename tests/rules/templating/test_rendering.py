"""What a hook's template makes of an event in the formats that it is sent in."""

import json

import pytest

from connectors.base import Event
from connectors.registry import format_of
from hub.rules.templating.rendering import rendered
from hub.rules.templating.values import TemplateRefused

STORY = Event(
    "evt_1", "story.update", "2026-11-23T21:04:06.123Z", "WEB", '{"name":"<é> \\"x\\"","n":1.5}'.encode()
)


def test_for_a_program_it_makes_json() -> None:
    source = '{"text": "{{ project }}: {{ name }} ({{ event.type }})", "n": {{ n }}, "all": {{ data }}}'

    assert json.loads(rendered(source, STORY, format_of("standard"))) == {
        "text": 'WEB: <é> "x" (story.update)',
        "n": 1.5,
        "all": {"name": '<é> "x"', "n": 1.5},
    }


def test_for_a_chat_it_makes_text_escaped_for_it() -> None:
    assert rendered("*{{ name }}*", STORY, format_of("slack")) == '*&lt;é&gt; "x"*'
    assert rendered("{{ name }}", STORY, format_of("ntfy")) == '<é> "x"'


@pytest.mark.parametrize(
    ("source", "form", "said"),
    [
        ("{{ name }}, {{ n }}", "standard", "makes no JSON"),
        ('{"n": {{ missing | raw }}}', "standard", "makes no JSON"),
        ("{{ missing }} ", "slack", "makes no text"),
        ('{"n": NaN}', "standard", "NaN is no JSON"),
        ('{"n": -Infinity}', "standard", "-Infinity is no JSON"),
        ("[" * 9_000, "standard", "nested too deeply"),
    ],
)
def test_what_cannot_be_sent_is_refused(source: str, form: str, said: str) -> None:
    with pytest.raises(TemplateRefused, match=said):
        rendered(source, STORY, format_of(form))


def test_whole_numbers_of_any_length_are_written_as_they_came() -> None:
    long = Event("evt_1", "a.b", "2026-11-23T21:04:06.123Z", "WEB", b'{"n":123456789012345678901234567890}')

    assert rendered("{{ n }}", long, format_of("ntfy")) == "123456789012345678901234567890"
