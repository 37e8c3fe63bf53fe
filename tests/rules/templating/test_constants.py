"""What may be written in a template itself: only what a request can hold."""

import pytest

from hub.rules.templating import template
from hub.rules.templating.constants import TemplateWrong


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('{{ "\\ud800" }}', "half of a surrogate pair"),
        ('{{ a | default("\\x00") }}', "a NUL character"),
        ("{{ 1e999 }}", "a number is too large"),
        ("{{ a[-0x" + "f" * 9_000 + "] }}", "a number is too large"),
        ("{{ a[b] }}", "an index must be"),
        ("{{ a | truncate(b) }}", "must be a text or a number"),
    ],
)
def test_it_refuses_what_no_request_can_hold(source: str, said: str) -> None:
    with pytest.raises(TemplateWrong, match=f"line 1: .*{said}"):
        template.read(source)


def test_signs_beyond_the_first_plane_and_negative_places_are_good() -> None:
    assert template.read('{{ "\\U0001f600" }}{{ a[-1] | default(-2.5) }}')
