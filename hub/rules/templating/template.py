"""Templates: a hook's own text for what it sends, with fields of the event in it.

Owns the language: Jinja's syntax by Jinja's own parser, evaluated here over a white list of its nodes
(docs/templates.md). A name is looked up in objects and lists of JSON only, never in Python's attributes, so
that there is nothing to escape to. Everything is bounded when it is saved (length, nesting, loops: `reader`)
and when it is rendered (steps, values, output: `run`). Pure: the same event gives the same text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

from hub.rules.templating.constants import TemplateWrong
from hub.rules.templating.reader import Reader, Statement
from hub.rules.templating.run import CHARACTERS_A_STEP, OUTPUT_MAX, STEPS_MAX, Run
from hub.rules.templating.values import Escape

SOURCE_MAX = 10_000
"""Characters."""


@dataclass(frozen=True, slots=True)
class Template:
    """A source that was read and found good. Threads may share it."""

    _body: Statement

    def render(
        self,
        data: Any,
        names: Mapping[str, Any],
        escape: Escape,
        data_bytes: int = 0,
        output_max: int = OUTPUT_MAX,
    ) -> str:
        """The text for one event.

        `data` is the event's parsed object, `data_bytes` its size, which buys steps; `names` are what is
        known besides its fields (`event`, `data`, `project`).

        Raises:
            TemplateRefused: it takes more steps, or makes more text, than a template may.
        """
        fields = data if isinstance(data, dict) else {}
        run = Run(fields, names, escape, STEPS_MAX + data_bytes // CHARACTERS_A_STEP, output_max)
        self._body(run)
        return "".join(run.written)


@lru_cache(maxsize=512)
def read(source: str) -> Template:
    """The template of a source; kept, because each attempt of a hook asks for it.

    Raises:
        TemplateWrong: it is too long, has a fault, or uses what templates here do not have.
    """
    return Template(Reader().body(parsed(source).body))


def parsed(source: str) -> nodes.Template:
    """A source as Jinja's parser sees it. Raises: TemplateWrong."""
    if len(source) > SOURCE_MAX:
        raise TemplateWrong(f"has {len(source)} characters; {SOURCE_MAX} is the most")
    if "\0" in source:
        raise TemplateWrong("must not hold a NUL character")
    try:
        return _ENVIRONMENT.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateWrong(f"line {error.lineno}: {_as_typed(error.message or '')}") from None
    except RecursionError:
        raise TemplateWrong("is nested too deeply") from None
    except ValueError:
        raise TemplateWrong("holds a number that is too long") from None


def _as_typed(message: str) -> str:
    """Jinja's complaint, with what is to be typed where it names parts of its grammar."""
    for part, typed in (("end of print statement", "}}"), ("end of statement block", "%}")):
        message = message.replace(part, typed)
    return message.rstrip(".")


# It only parses: nothing is compiled or run by Jinja, and `values` escapes.
_ENVIRONMENT = Environment(autoescape=False, keep_trailing_newline=True)  # noqa: S701
