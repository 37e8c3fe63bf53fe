"""The settings that admins tune while the hub runs, each declared once: default, unit, range, meaning.

Owns the class `Settings`. Its fields are the table from which everything else comes: the check of a value,
the call's models and their document, the command line, and the table in docs/configuration.md, which a test
compares. Pure: the values in force are `store.settings`'.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from hub.errors import Invalid
from hub.rules import quantities

STEPS_MAX = 50


@dataclass(frozen=True)
class Definition:
    """What one setting means, and the range that a value must lie in."""

    default: Any
    unit: str
    minimum: float
    maximum: float
    help: str
    is_whole: bool
    is_list: bool

    @cached_property
    def type(self) -> Any:
        """As pydantic checks and documents it."""
        rules = (Field(ge=self.minimum, le=self.maximum), BeforeValidator(_number))
        number: Any = Annotated[int, *rules] if self.is_whole else Annotated[float, *rules]
        about = Field(description=f"{self.help} ({self.unit})")
        return (
            Annotated[list[number], Field(max_length=STEPS_MAX), about]
            if self.is_list
            else Annotated[number, about]
        )

    @property
    def bounds(self) -> str:
        """The range in words."""
        text = f"{self.minimum:.10g} to {self.maximum:.10g}"
        return f"each {text}, at most {STEPS_MAX}" if self.is_list else text

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.type)

    def checked(self, value: Any) -> Any:
        """The value as it is kept. Raises: ValueError saying what to write instead."""
        try:
            kept = self._adapter.validate_python(value)
        except ValidationError as error:
            span = f"from {self.minimum:.10g} to {self.maximum:.10g}"
            if self.is_list:
                raise ValueError(
                    f"must be a list of at most {STEPS_MAX} numbers of {self.unit}, each {span}"
                ) from error
            kind = "whole number" if self.is_whole else "number"
            raise ValueError(f"must be a {kind} of {self.unit} {span}") from error
        return kept if self.is_whole else value  # 15 stays 15, and does not become 15.0


def _number(value: Any) -> Any:
    """JSON's numbers only: pydantic would also take true and "5"."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")
    return value


def _whole(default: int, unit: str, minimum: int, maximum: int, help: str) -> Any:
    definition = Definition(default, unit, minimum, maximum, help, is_whole=True, is_list=False)
    return field(default=default, metadata={"definition": definition})


def _real(default: float, unit: str, minimum: float, maximum: float, help: str) -> Any:
    definition = Definition(default, unit, minimum, maximum, help, is_whole=False, is_list=False)
    return field(default=default, metadata={"definition": definition})


def _reals(default: tuple[float, ...], unit: str, minimum: float, maximum: float, help: str) -> Any:
    definition = Definition(list(default), unit, minimum, maximum, help, is_whole=False, is_list=True)
    return field(default=default, metadata={"definition": definition})


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force."""

    failure_limit: int = _whole(
        5, "failures in a row", 0, 1_000_000, "Switch a hook off after so many; 0 = never"
    )
    retry_schedule_s: tuple[float, ...] = _reals(
        (5, 60, 300, 1800, 7200, 18000, 36000, 86400),
        "seconds",
        0,
        604_800,
        "Waits between the tries of one delivery, ± 20 %; fractions allowed",
    )
    attempt_timeout_s: float = _real(
        15, "seconds", 0.1, 300, "Total time of one request: name, connection, TLS, sending, answer"
    )
    connect_timeout_s: float = _real(5, "seconds", 0.1, 60, "Time for name, connection and TLS")
    max_in_flight_per_hook: int = _whole(
        8, "requests", 1, 256, "Requests that one hook may have under way at once"
    )
    max_event_bytes: int = _whole(1_048_576, "bytes", 1_024, 16_777_216, "Largest published event")
    max_request_bytes: int = _whole(
        16_777_216,
        "bytes",
        65_536,
        268_435_456,
        "Largest request that publishes several events, an array or NDJSON",
    )
    max_held_bytes: int = _whole(
        67_108_864,
        "bytes",
        16_777_216,
        4_294_967_296,
        "Bodies of requests that one process holds at a time; beyond it callers are told 503",
    )
    max_hooks_per_project: int = _whole(0, "hooks", 0, 10_000_000, "Most hooks in one project; 0 = no limit")
    retention_days: float = _real(14, "days", 0.01, 3_650, "How long events and finished deliveries are kept")
    hold_days: float = _real(
        7, "days", 0.001, 365, "How long a switched-off hook's deliveries are held for it"
    )

    def as_dict(self) -> dict[str, Any]:
        """As JSON has them."""
        values = asdict(self).items()
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values}


DEFINITIONS: dict[str, Definition] = {one.name: one.metadata["definition"] for one in fields(Settings)}


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept. Raises: Invalid with every one that cannot be."""
    kept: dict[str, Any] = {}
    wrong = []
    for key, value in values.items():
        try:
            kept[key] = _definition(key).checked(value)
        except ValueError as error:
            wrong.append((key, str(error)))
    if wrong:
        raise Invalid(wrong, title="Wrong settings")
    return kept


def read(key: str, text: str) -> Any:
    """A value as people write it: `10`, `2 MiB`, `5, 60, 5m`. Raises: Invalid when it is no number at all, or
    there is no such setting; whether it lies in its range is for `checked` to say.
    """
    try:
        definition = _definition(key)
        if definition.is_list:
            return [quantities.read(step, definition.unit) for step in quantities.split(text)]
        return quantities.read(text, definition.unit)
    except ValueError as error:
        raise Invalid([(key, str(error))], title="Wrong settings") from error


def settings_from(stored: Mapping[str, Any]) -> Settings:
    """The settings in force: what is stored over the defaults; keys of a newer release are passed over."""
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in stored.items()
        if key in DEFINITIONS
    }
    return Settings(**values)


def _definition(key: str) -> Definition:
    if key not in DEFINITIONS:
        raise ValueError(f"is no setting; there are: {', '.join(DEFINITIONS)}")
    return DEFINITIONS[key]
