"""What the commands share: the `--data` option, how wrong values are told, the configuration, and the hub's
data opened.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click

from hub import config, logs
from hub.config import Config
from hub.errors import Invalid
from hub.operations import hub_data
from hub.rules.access import Requester
from hub.store.database import Database

F = TypeVar("F", bound=Callable[..., Any])

COMMAND_LINE = Requester("command line", frozenset({"admin"}))


class Command(click.Command):
    """A command that tells wrong values as click does: by the option or argument that they came in."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Invalid as refused:
            told = "; ".join(f"{self._shown(field)}: {message}" for field, message in refused.errors)
            raise click.UsageError(told, ctx) from refused

    def _shown(self, field: str) -> str:
        """`scopes` → `--scope`, `key` → `KEY`."""
        for parameter in self.params:
            if parameter.name == field:
                return (
                    parameter.opts[0]
                    if isinstance(parameter, click.Option)
                    else parameter.human_readable_name
                )
        return field


class Group(click.Group):
    command_class = Command


def data_option(command: F) -> F:
    """`--data DIR`, on every command that opens the hub's data."""
    return click.option(
        "--data", "data_dir", metavar="DIR", help="Data directory (HUB_DATA_DIR; ./hub-data)."
    )(command)


def load_config(**overrides: Any) -> Config:
    """The configuration, with the command line's values over the environment's; sets the log up. Raises:
    ConfigError.
    """
    loaded = config.load(**overrides)
    logs.set_up(loaded.log_level, loaded.log_format)
    return loaded


@contextlib.contextmanager
def opened(data_dir: str | None) -> Iterator[Database]:
    """The database of a hub that is there, for the length of one command. It may be used beside a serving
    hub. Raises: ConfigError.
    """
    with contextlib.closing(hub_data.open_there(load_config(data_dir=data_dir))) as database:
        yield database


@contextlib.contextmanager
def opened_or_made(data_dir: str | None) -> Iterator[Database]:
    """The same, but a hub is made if there is none, and it is said where. Raises: ConfigError."""
    loaded = load_config(data_dir=data_dir)
    data = hub_data.open_or_make(loaded)
    with contextlib.closing(data.database):
        if data.is_new:
            click.echo(made_line(loaded), err=True)
        yield data.database


def made_line(loaded: Config) -> str:
    return f"Made a new hub in {hub_data.where(loaded)}"
