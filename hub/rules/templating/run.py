"""One rendering of a template: the names there are, what was written, and what may still be spent.

Owns the bounds of rendering. A step is a value looked up, a comparison, a round of a loop; work on a text
costs its length / 64. Step before: `template.Template.render`. The functions that `reader` made spend here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.rules.templating.values import VALUE_MAX, Escape, TemplateRefused, text_of

STEPS_MAX = 20_000
CHARACTERS_A_STEP = 64
OUTPUT_MAX = 262_144
"""Characters."""


@dataclass(slots=True)
class Run:
    """One rendering: what may still be spent, the names there are, and what was written so far."""

    fields: Mapping[str, Any]
    """The fields of the event's object; they win over `names`."""
    names: Mapping[str, Any]
    escape: Escape
    steps: int
    output_max: int
    locals: dict[str, Any] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    length: int = 0

    def spend(self, steps: int = 1) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TemplateRefused("takes too many steps for this event: loop over less")

    def text(self, value: Any) -> str:
        """A value as text, paid for by its length."""
        made = text_of(value)
        self.spend(1 + len(made) // CHARACTERS_A_STEP)
        if len(made) > VALUE_MAX:
            raise TemplateRefused(f"makes a value of {len(made)} characters; {VALUE_MAX} is the most")
        return made

    def write(self, text: str) -> None:
        self.length += len(text)
        if self.length > self.output_max:
            raise TemplateRefused(f"makes more than {self.output_max} characters")
        self.written.append(text)
