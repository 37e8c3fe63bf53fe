"""`hookhub settings`: see and change what is tuned while the hub runs.

Owns how settings are printed and read from an argument. What a value may be `rules.settings` decides; a
change counts at once, everywhere.
"""

import json
from typing import Any

import click

from hub.commands.opening import COMMAND_LINE, data_option, opened, write
from hub.rules.settings import DEFINITIONS, SettingRefused, Settings, checked
from hub.store import audit, settings


@click.group("settings", no_args_is_help=False)
def settings_group() -> None:
    """What is tuned while the hub runs."""


@settings_group.command("get")
@click.argument("key", required=False)
@data_option
def get_settings(key: str | None, data_dir: str | None) -> None:
    """Print one setting's value as JSON, or all of them with default, unit and range."""
    if key is not None and key not in DEFINITIONS:
        raise click.UsageError(f"there is no setting {key!r}; there are: {', '.join(DEFINITIONS)}.")
    with opened(data_dir) as database:
        values = database.read(settings.load).as_dict()
    if key is not None:
        click.echo(json.dumps(values[key]))
        return
    for name, value in values.items():
        click.echo(f"{name} = {json.dumps(value)}\n    {described(name)}")


@settings_group.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("value")
@data_option
def set_setting(key: str, value: str, data_dir: str | None) -> None:
    """Set KEY to VALUE (JSON: a number, or a list of numbers)."""
    try:
        given = json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise click.UsageError(
            f"{value!r} is not JSON: give a number such as 5, or a list such as '[5, 60, 300]'."
        ) from None
    try:
        new = checked(key, given)
    except SettingRefused as refused:
        raise click.UsageError(f"{refused}.") from None
    with opened(data_dir) as database:

        def change() -> Any:
            old = settings.load().as_dict()[key]
            settings.change({key: new})
            if old != new:
                audit.add(
                    database.clock.now(),
                    COMMAND_LINE,
                    "settings.changed",
                    "settings",
                    fields={key: [old, new]},
                )
            return old

        old = write(database, change)
    click.echo(f"{key} = {json.dumps(new)} (was {json.dumps(old)})")


def described(key: str) -> str:
    """Default, unit, range and meaning of a setting, in one line."""
    definition = DEFINITIONS[key]
    default = json.dumps(Settings().as_dict()[key])
    return f"{definition.help} (default {default}, {definition.unit}, {definition.minimum:.10g} to {definition.maximum:.10g})"


def _refuse_constant(name: str) -> None:
    """Python's JSON takes NaN and Infinity, which are none."""
    raise ValueError(name)
