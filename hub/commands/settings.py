"""`hookhub settings`: see and change what is tuned while the hub runs. Parses, calls `operations.settings`,
prints.
"""

import json

import click

from hub.commands.opening import COMMAND_LINE, Group, data_option, opened
from hub.errors import Invalid
from hub.operations.settings import ServerSettings
from hub.rules.settings import DEFINITIONS, checked, read


@click.group("settings", cls=Group, no_args_is_help=False)
def settings_group() -> None:
    """What is tuned while the hub runs."""


@settings_group.command("get")
@click.argument("key", required=False)
@data_option
def get_settings(key: str | None, data_dir: str | None) -> None:
    """Print one setting's value as JSON, or all of them with default, unit and range."""
    if key is not None and key not in DEFINITIONS:
        raise Invalid([("key", f"there is no setting {key!r}; there are: {', '.join(DEFINITIONS)}")])
    with opened(data_dir) as database:
        values = ServerSettings(database).get(COMMAND_LINE).as_dict()
    if key is not None:
        click.echo(json.dumps(values[key]))
        return
    for name, value in values.items():
        click.echo(f"{name} = {json.dumps(value)}\n    {_described(name)}")


@settings_group.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("value", nargs=-1, required=True)
@data_option
def set_setting(key: str, value: tuple[str, ...], data_dir: str | None) -> None:
    """Set KEY to VALUE, as you would write it: 10, 0.5, 2 MiB, 5m, or a list such as 5, 60, 300."""
    new = checked({key: read(key, " ".join(value))})
    with opened(data_dir) as database:
        settings = ServerSettings(database)
        old = settings.get(COMMAND_LINE).as_dict()[key]
        settings.update(COMMAND_LINE, new)
    click.echo(f"{key} = {json.dumps(new[key])} (was {json.dumps(old)})")


def _described(key: str) -> str:
    """Meaning, default, unit and range of a setting, in one line."""
    definition = DEFINITIONS[key]
    return (
        f"{definition.help} (default {json.dumps(definition.default)}, {definition.unit}, "
        f"{definition.bounds})"
    )
