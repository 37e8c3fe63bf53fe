"""What the commands share: the `--data` option, the configuration, and the database opened and migrated.

Owns how a fault of the disk or the database becomes the one sentence that people read. It must never hold a
command.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import click
import peewee
import psycopg

from hub import config, logs
from hub.config import Config
from hub.errors import ConfigError, Invalid
from hub.rules.access import Requester
from hub.store import schema
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
def storage_faults(loaded: Config) -> Iterator[None]:
    """Tells a database that cannot be opened as a sentence about the setting that names it."""
    try:
        yield
    except (OSError, peewee.DatabaseError, peewee.InterfaceError, psycopg.Error, sqlite3.Error) as error:
        raise ConfigError(unopened(loaded, error)) from error


def unopened(loaded: Config, error: Exception) -> str:
    """Why the database cannot be opened, and what to do. It never repeats a password: the URL is shown
    without it.
    """
    reason = (
        (error.strerror if isinstance(error, OSError) else None)
        or " ".join(str(error).split())
        or type(error).__name__
    )
    if loaded.database_url.startswith("sqlite"):
        return f"The database {loaded.shown()['HUB_DATABASE_URL']} cannot be opened ({reason}): check HUB_DATA_DIR and who may write there."
    return f"The database {loaded.shown()['HUB_DATABASE_URL']} cannot be opened ({reason}): check HUB_DATABASE_URL and that it is up."


@contextlib.contextmanager
def opened(data_dir: str | None) -> Iterator[Database]:
    """The database, migrated, for the length of one command. It may be used beside a serving hub."""
    loaded = load_config(data_dir=data_dir)
    with storage_faults(loaded):
        database = Database(loaded.database_url)
        try:
            schema.migrate(database)
            database.sync_clock()
        except BaseException:
            database.close()
            raise
    try:
        yield database
    finally:
        database.close()
