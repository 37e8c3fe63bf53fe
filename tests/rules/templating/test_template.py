"""Templates: what they can say, and that nothing in them costs more than it may."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.rules.templating import template
from hub.rules.templating.constants import TemplateWrong
from hub.rules.templating.run import STEPS_MAX
from hub.rules.templating.values import Escape, JsonEscape, TemplateRefused, TextEscape

STORY = {
    "id": 23,
    "name": 'Check "out"\nnow',
    "state": 3,
    "estimate": 1.5,
    "done": True,
    "owner": {"name": "Ann", "mail": None},
    "tags": ["urgent", "web"],
    "tasks": [{"name": "a", "hours": 2}, {"name": "b", "hours": 3}],
    "at": "2026-11-25T10:00:00Z",
}
NAMES = {"data": STORY, "event": {"type": "story.update"}, "project": "WEB"}


def rendered(source: str, data: Any = STORY, escape: Escape | None = None) -> str:
    size = len(json.dumps(data))
    return template.read(source).render(data, NAMES, escape or TextEscape(), size)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Story {{ id }} of {{ owner.name }}", "Story 23 of Ann"),
        ("{{ data.id }} {{ event.type }} {{ project }}", "23 story.update WEB"),
        ("{{ tags[0] }} {{ tags[-1] }} {{ tasks[1].name }} {{ owner['name'] }}", "urgent web b Ann"),
        ("[{{ missing }}{{ owner.mail }}{{ missing.deeper[3].still }}{{ tags[9] }}]", "[]"),
        ("{{ done }} {{ estimate }} {{ tags }}", 'true 1.5 ["urgent","web"]'),
        ("{{ name ~ '/' ~ id }}", 'Check "out"\nnow/23'),
        ("{% if state == 3 %}three{% elif state == 4 %}four{% else %}other{% endif %}", "three"),
        ("{% if state > 3 or 'urgent' in tags and not missing %}yes{% endif %}", "yes"),
        ("{% if name < 4 or '1' == 1 or missing > 0 %}no{% else %}kinds differ{% endif %}", "kinds differ"),
        ("{% if tasks == tasks %}no{% else %}lists equal nothing{% endif %}", "lists equal nothing"),
        ("{{ 'open' if state != 7 else 'shut' }}{{ 'x' if missing }}", "open"),
        (
            "{% for task in tasks %}{{ loop.index }}/{{ loop.length }} {{ task.name }}{{ '' if loop.last else ', ' }}{% endfor %}",
            "1/2 a, 2/2 b",
        ),
        (
            "{% for a in tags %}{% for b in tags %}{{ a | first }}{{ b | last }} {% endfor %}{% endfor %}",
            "ut ub wt wb ",
        ),
        ("{% for x in name %}never{% endfor %}{{ x }}", ""),
        ("{# said to nobody #}{{ '{{' }}", "{{"),
    ],
)
def test_it_says(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ("owner.name | upper", "ANN"),
        ("owner.name | lower", "ann"),
        ("'  a ' | trim", "a"),
        ("tags | length", "2"),
        ("id | length", "0"),
        ("missing | default('none')", "none"),
        ("owner.name | default('none')", "Ann"),
        ("owner.name | truncate(2)", "A…"),
        ("owner.name | truncate(3)", "Ann"),
        ("tags | json", '["urgent","web"]'),
        ("owner.name | json", '"Ann"'),
        ("missing | json", "null"),
        ("tags | join", "urgent, web"),
        ("tasks | join(' + ', 'name')", "a + b"),
        ("tags | first", "urgent"),
        ("tags | last | upper", "WEB"),
        ("missing | first", ""),
        ("at | date", "2026-11-25 10:00"),
        ("at | date('%d %b %H:%M', 'Europe/Berlin')", "25 Nov 11:00"),
        ("0 | date('%Y')", "1970"),
        ("owner.name | date", "Ann"),
        ("1.255 | round(1)", "1.3"),
        ("1.5 | round", "2"),
        ("name | round", 'Check "out"\nnow'),
        ("'a b/ä' | url_encode", "a%20b%2F%C3%A4"),
    ],
)
def test_its_filters(shown: str, text: str) -> None:
    assert rendered("{{ " + shown + " }}") == text


@pytest.mark.parametrize(
    "source",
    [
        '{"a": {{ name }}, "b": {{ tags }}, "c": {{ missing }}, "d": {{ done }}, "e": {{ estimate }}}',
        '{"text": "Story {{ name }} of {{ owner.name }}: {{ tags }}", "quote": "\\"{{ name }}\\""}',
        '{"rows": [{% for task in tasks %}{{ task }}{% if not loop.last %},{% endif %}{% endfor %}]}',
    ],
)
def test_a_json_template_makes_json_whatever_the_values_hold(source: str) -> None:
    made = json.loads(rendered(source, escape=JsonEscape()))

    assert STORY["name"] in (made.get("a"), STORY["name"])
    if "text" in made:
        assert made["text"] == 'Story Check "out"\nnow of Ann: ["urgent","web"]'
        assert made["quote"] == f'"{STORY["name"]}"'


def test_each_value_is_escaped_for_where_it_goes_and_raw_is_not() -> None:
    escape = TextEscape(lambda text: text.replace("<", "&lt;"))

    assert (
        rendered("<b>{{ x }}</b>{{ x | raw }}{{ x | raw | upper }}", {"x": "<i>"}, escape)
        == "<b>&lt;i></b><i>&lt;I>"
    )


def test_a_field_of_the_object_wins_over_what_is_known_besides() -> None:
    assert rendered("{{ data.a }} {{ event.type }}", {"data": {"a": "own"}}) == "own story.update"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ x( }}", "line 1: "),
        ("\n\n{{ x", "line 3: unexpected end of template, expected '}}'"),
        ("{% for x in y %}", "line 1: "),
        ("{{ x() }}", "calling something"),
        ("{{ ''.format(x) }}", "calling something"),
        ("{% set x = 1 %}", "{% set %}"),
        ("{% macro m() %}{% endmacro %}", "{% macro %}"),
        ("{% include 'x' %}", "{% include %}"),
        ("{% import 'x' as x %}", "{% import %}"),
        ("{% extends 'x' %}", "{% extends %}"),
        ("{% block b %}{% endblock %}", "{% block %}"),
        ("{% filter upper %}{% endfilter %}", "{% filter %}"),
        ("{{ 1 + 1 }}", "arithmetic"),
        ("{{ 'a' * 1000000 }}", "arithmetic"),
        ("{{ 9 ** 9999999 }}", "arithmetic"),
        ("{{ -x }}", "arithmetic"),
        ("{{ x is defined }}", "a test with `is`"),
        ("{{ [x] }}", "a list"),
        ("{{ {'a': x} }}", "an object"),
        ("{{ x[1:2] }}", "index"),
        ("{{ x[y] }}", "index"),
        ("{{ 1 < x < 3 }}", "two values"),
        ("{{ x | attr('__class__') }}", "no filter attr"),
        ("{{ x | tojson(indent=9) }}", "the filter tojson is written"),
        ("{{ x | truncate(0) }}", "truncate takes"),
        ("{{ x | truncate(5, 'longer') }}", "shorter"),
        ("{{ x | truncate(y) }}", "must be a text or a number"),
        ("{{ x | upper(1) }}", "takes nothing"),
        ("{{ x | join(1) }}", "join takes"),
        ("{{ x | round(99) }}", "round takes"),
        ("{{ x | date('%9999999d') }}", "date takes"),
        ("{{ x | date('%d', '../etc/passwd') }}", "Europe/Berlin"),
        ("{% for a, b in x %}{% endfor %}", "one name"),
        ("{% for a in x if a %}{% endfor %}", "no `if`"),
        ("{% for a in x recursive %}{% endfor %}", "not recursive"),
        ("{% for a in x %}{% for b in a %}{% for c in b %}{% endfor %}{% endfor %}{% endfor %}", "2 deep"),
        ("x" * 10_001, "10000 is the most"),
        ("\0", "NUL"),
        ("{{ " + "(" * 4_900 + "1" + ")" * 4_900 + " }}", "too deeply"),
        ("{{ " + "not " * 2_400 + "x }}", "too deeply"),
        ("{{ x" + ".a" * 4_000 + " }}", "too deeply"),
        ("{{ x" + "|upper" * 1_500 + " }}", "too deeply"),
        ("\n{% autoescape true %}{{ x }}{% endautoescape %}", "line 2: {% autoescape %} is not part"),
        ("{% if x %}" * 300 + "{% endif %}" * 300, "too deeply"),
        ("{{ " + "9" * 5_000 + " }}", "a number that is too long"),
    ],
)
def test_it_refuses_when_it_is_saved(source: str, said: str) -> None:
    with pytest.raises(TemplateWrong) as refused:
        template.read(source)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__ }}{{ x.__class__ }}{{ x['__globals__'] }}{{ loop.__init__ }}",
        "{{ tags.append }}{{ owner.items }}{{ name.format }}{{ self }}{{ range }}{{ cycler.x }}{{ config }}",
    ],
)
def test_nothing_of_python_is_within_reach(source: str) -> None:
    assert rendered(source) == ""


LARGE = {"rows": [{"row": list(range(1_000))} for _ in range(500)], "text": "<" * 60_000}


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in rows %}{% for b in a.row %}{% endfor %}{% endfor %}",
        "{% for a in rows %}{% for b in rows %}{% if b.row == 'x' %}{% endif %}{{ 5 in b.row }}{% endfor %}{% endfor %}",
        "{% for a in rows %}{{ text | upper | lower | trim }}{% endfor %}",
        "{% for a in rows %}{% if 'x' in text %}{% endif %}{% endfor %}{% for a in rows %}{% if 'x' in text %}{% endif %}{% endfor %}",
        "{{ rows }}",
        "{{ text ~ text }}",
        "{% for a in rows %}" + "x" * 9_000 + "{% endfor %}",
        "{{ text | url_encode }}",
    ],
)
def test_it_stops_when_it_is_rendered(source: str) -> None:
    with pytest.raises(TemplateRefused):
        rendered(source, LARGE)


def test_an_empty_round_of_a_loop_is_not_free() -> None:
    rounds: list[Any] = [0] * (STEPS_MAX + 10)

    with pytest.raises(TemplateRefused):
        template.read("{% for a in rows %}{% endfor %}").render({"rows": rounds}, {}, TextEscape())


def test_a_larger_event_buys_more_steps() -> None:
    rounds: list[Any] = [0] * (STEPS_MAX + 10)

    assert (
        template.read("{% for a in rows %}{% endfor %}").render(
            {"rows": rounds}, {}, TextEscape(), 64 * 1_000
        )
        == ""
    )


def test_output_is_bounded_by_what_the_receiver_takes() -> None:
    with pytest.raises(TemplateRefused, match="more than 10 characters"):
        template.read("{{ name }}").render(STORY, NAMES, TextEscape(), output_max=10)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.text())
def test_any_value_comes_through_json_as_it_was(value: Any, text: str) -> None:
    made = json.loads(rendered('{"v": {{ v }}, "s": "<{{ t }}>"}', {"v": value, "t": text}, JsonEscape()))

    assert made == {"v": value, "s": f"<{text}>"}


@given(st.text(alphabet="{}%|.~()[]'\"abx10 -=<>\n#_", max_size=60))
def test_any_text_is_a_template_or_is_refused_and_says_the_same_each_time(source: str) -> None:
    try:
        found = template.read(source)
    except TemplateWrong:
        return
    assert found.render(STORY, NAMES, TextEscape()) == found.render(STORY, NAMES, TextEscape())


def test_a_source_is_read_once_for_all_its_attempts() -> None:
    assert template.read("Story {{ id }}") is template.read("Story {{ id }}")
