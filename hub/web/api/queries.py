"""Query parameters of calls, as models: one declaration checks them and documents them.

A call names a subclass of `Query`; its handler gets one as `request.query`. Every call also takes `project`,
which `callers` reads. What a call does not know is refused by name, never skipped.
"""

from collections import Counter
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from starlette.datastructures import QueryParams

from hub.errors import FieldError, Invalid
from hub.rules.keys import project_key_error
from hub.web.wording import made_of

LIMIT_DEFAULT = 50
LIMIT_MAX = 200
DIGITS_MAX = 10
TITLE = "Wrong parameters"
NUL = "must not hold a NUL character"


class Query(BaseModel):
    """The parameters of a call; this one has none.

    Fields are texts, words out of a `Literal`, or whole numbers (an `int` with `ge` and `le`).
    """

    model_config = ConfigDict(frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _check_text(cls, text: Any, info: ValidationInfo) -> Any:
        """Every parameter comes as a text: without NUL, which PostgreSQL has not, and of plain digits for a
        number.
        """
        if "\0" in text:
            raise ValueError(NUL)
        field = cls.model_fields[str(info.field_name)]
        if field.annotation is not int:
            return text

        limits = {
            name: getattr(rule, name)
            for rule in field.metadata
            for name in ("ge", "le")
            if hasattr(rule, name)
        }
        is_number = text.isascii() and text.isdigit() and len(text) <= DIGITS_MAX
        if not (is_number and limits["ge"] <= int(text) <= limits["le"]):
            raise ValueError(f"must be a whole number from {limits['ge']} to {limits['le']}")
        return int(text)


class Paged(Query):
    """A list that goes on. Each list says with `before_id` how the ids look that it goes on from."""

    limit: int = Field(LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="How many at the most")
    before: str | None = None


def before_id(kind: str) -> Any:
    """The field `before` of a list whose ids begin with `kind`, such as `hook`: another's id is no place in
    it.
    """
    return Field(
        None,
        pattern=f"^{kind}_[0-9a-f]{{32}}$",
        description=f"Only what is older than this id ({kind}_…): the next page",
    )


Q = TypeVar("Q", bound=Query)


def read_query(params: QueryParams, model: type[Q]) -> Q:
    """Raises: Invalid with every parameter that is unknown, wrong, missing, or there twice."""
    wrong: list[FieldError] = []
    times = Counter(name for name, _ in params.multi_items())
    for name in times:
        if name != "project" and name not in model.model_fields:
            known = ", ".join(dict.fromkeys(["project", *model.model_fields]))
            wrong.append((name, f"is no parameter of this call; it has: {known}"))
        elif times[name] > 1:
            wrong.append((name, "is given more than once"))
        elif name not in model.model_fields and (reason := project_key_error(params[name])):
            wrong.append((name, reason))

    given = {name: params[name] for name in model.model_fields if name in params}
    made = made_of(model, given)
    if isinstance(made, list):
        raise Invalid([*wrong, *made], title=TITLE)
    if wrong:
        raise Invalid(wrong, title=TITLE)
    return made
