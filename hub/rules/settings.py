"""The settings that admins tune while the hub runs: names, defaults, units, ranges, and what a value must
look like.

Owns their definition (contract §3). Pure. It must never read or keep a value: `store.settings` does, for all
processes alike.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force; the defaults are the contract's."""

    failure_limit: int = 5
    retry_schedule_s: tuple[float, ...] = (5, 60, 300, 1800, 7200, 18000, 36000, 86400)
    attempt_timeout_s: float = 15
    connect_timeout_s: float = 5
    max_in_flight_per_hook: int = 8
    max_event_bytes: int = 1_048_576
    max_hooks_per_project: int = 0
    retention_days: float = 14
    hold_days: float = 7

    def as_dict(self) -> dict[str, Any]:
        return {
            key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self).items()
        }


@dataclass(frozen=True, slots=True)
class Definition:
    """What people are shown about one setting, and the range that a value must lie in."""

    unit: str
    minimum: float
    maximum: float
    help: str
    is_whole: bool = False
    is_list: bool = False


DEFINITIONS: dict[str, Definition] = {
    "failure_limit": Definition(
        "failures in a row", 0, 1_000_000, "Switch a hook off after so many; 0 = never", is_whole=True
    ),
    "retry_schedule_s": Definition(
        "seconds",
        0,
        604_800,
        "Waits between the tries of one delivery, ± 20 %; fractions allowed, at most 50",
        is_list=True,
    ),
    "attempt_timeout_s": Definition(
        "seconds", 0.1, 300, "Total time of one request: name, connection, TLS, sending, answer"
    ),
    "connect_timeout_s": Definition("seconds", 0.1, 60, "Time for name, connection and TLS"),
    "max_in_flight_per_hook": Definition(
        "requests", 1, 256, "Requests that one hook may have under way at once", is_whole=True
    ),
    "max_event_bytes": Definition("bytes", 1_024, 16_777_216, "Largest published event", is_whole=True),
    "max_hooks_per_project": Definition(
        "hooks", 0, 10_000_000, "Most hooks in one project; 0 = no limit", is_whole=True
    ),
    "retention_days": Definition("days", 0.01, 3_650, "How long events and finished deliveries are kept"),
    "hold_days": Definition("days", 0.001, 365, "How long a switched-off hook's deliveries are held for it"),
}

SCHEDULE_MAX_STEPS = 50


class SettingRefused(ValueError):
    """A value that cannot be; the text names the setting, its unit and its range."""


def checked(key: str, value: Any) -> Any:
    """The value as it is kept.

    Raises:
        SettingRefused: an unknown key, a wrong type, or out of range.
    """
    definition = DEFINITIONS.get(key)
    if definition is None:
        raise SettingRefused(f"there is no setting {key!r}; there are: {', '.join(DEFINITIONS)}")
    if definition.is_list:
        if not isinstance(value, list | tuple) or len(value) > SCHEDULE_MAX_STEPS:
            raise SettingRefused(
                f"{key} must be a list of at most {SCHEDULE_MAX_STEPS} numbers ({definition.unit})"
            )
        return [_number(key, definition, step) for step in value]
    return _number(key, definition, value)


def settings_from(stored: dict[str, Any]) -> Settings:
    """The settings in force: what is stored over the defaults; keys of a newer release are passed over."""
    known = {field.name for field in fields(Settings)}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in stored.items()
        if key in known
    }
    return Settings(**values)


def _number(key: str, definition: Definition, value: Any) -> float:
    kind = "whole number" if definition.is_whole else "number"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # The range first: no whole number can be made of NaN or infinity.
    if (
        not is_number
        or not definition.minimum <= value <= definition.maximum
        or (definition.is_whole and value != int(value))
    ):
        raise SettingRefused(
            f"{key} must be a {kind} of {definition.unit} from {definition.minimum:g} to {definition.maximum:g}"
        )
    return int(value) if definition.is_whole else value
