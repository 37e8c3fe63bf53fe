"""A hub's data: directory, database and secret key; made by the first `serve` or `project create`, opened by
everything.

Owns when they are made and when that is refused: a mistyped directory must not silently become a second hub,
and no key is made beside a database that another key belongs to. Step before: `config.load`; step after:
`hub.app` builds the rest.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.config import Config, reason_of
from hub.errors import ConfigError, StoreUnavailable
from hub.store import key_check, key_file, schema
from hub.store.clock import Clock
from hub.store.database import Database
from hub.store.patience import PATIENCE_S
from hub.store.secrets import SecretBox


class NoHub(ConfigError):
    """There is no hub where one was looked for."""


@dataclass(frozen=True, slots=True)
class HubData:
    database: Database
    box: SecretBox
    is_new: bool
    """It was made just now."""


def open_or_make(config: Config, clock: Clock | None = None, patience_s: float = PATIENCE_S) -> HubData:
    """The database, migrated, and what its secrets are sealed with; `patience_s`: how long a change is waited
    for. Raises: ConfigError, SchemaTooNew.
    """
    with storage_faults(config):
        make_directory(config)
        database = Database(config.database_url, clock, patience_s)
        try:
            is_new = not schema.is_there(database)
            schema.migrate(database)
            database.sync_clock()
            return HubData(database, box_of(config, database), is_new)
        except BaseException:
            database.close()
            raise


def open_there(config: Config) -> Database:
    """The database, migrated, of a hub that is there. Raises: NoHub, ConfigError, SchemaTooNew."""
    with storage_faults(config):
        database = Database(config.database_url)
        try:
            check_there(config, database)
            schema.migrate(database)
            database.sync_clock()
        except BaseException:
            database.close()
            raise
    return database


def check_there(config: Config, database: Database) -> None:
    """Raises: NoHub."""
    if not schema.is_there(database):
        raise NoHub(
            f"There is no hub in {where(config)}: 'hookhub serve' and 'hookhub project create' make one, "
            "and --data or HUB_DATA_DIR names another place."
        )


def where(config: Config) -> str:
    """What to call the place of a hub's data."""
    path = config.database_url.removeprefix("sqlite:///")
    if Path(path) == config.data_dir / "hub.db":
        return str(config.data_dir)
    return config.shown()["HUB_DATABASE_URL"]


def key_of(config: Config, database: Database) -> str | None:
    """The key that is given, or that is in the data directory; None: none was made yet. Raises: ConfigError:
    it is missing, or another one belongs to the database.
    """
    key = config.secret_key or key_file.read(config.data_dir)
    path = config.data_dir / key_file.NAME
    if key is None and database.read(key_check.needs_key):
        raise ConfigError(
            f"The secret key is missing: {path} is not there, and the database holds what only that key "
            "opens; "
            "put it back from the backup, or set HUB_SECRET_KEY to it."
        )
    if key is not None and not database.read(lambda: key_check.fits(SecretBox([key]))):
        source = "HUB_SECRET_KEY" if config.secret_key else str(path)
        raise ConfigError(
            f"The secret key ({source}) does not fit the database, whose secrets are sealed with "
            "another one: "
            "put back the key that belongs to it."
        )
    return key


@contextlib.contextmanager
def storage_faults(config: Config) -> Iterator[None]:
    """Tells a database that cannot be opened as a sentence about the setting that names it, without its
    password.
    """
    try:
        yield
    except (OSError, StoreUnavailable) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        url = config.shown()["HUB_DATABASE_URL"]
        if config.database_url.startswith("sqlite"):
            advice = "check HUB_DATA_DIR and who may write there"
        else:
            advice = "check HUB_DATABASE_URL and that it is up"
        raise ConfigError(f"The database {url} cannot be opened ({reason}): {advice}.") from error


def box_of(config: Config, database: Database) -> SecretBox:
    """What the secrets of this database are sealed with. Raises: ConfigError."""
    key = key_of(config, database) or key_file.read_or_make(config.data_dir)
    box = SecretBox([key])
    database.write(lambda: key_check.remember(box)).result()
    key_of(config, database)  # another hub may have been first, with another key
    return box


def make_directory(config: Config) -> None:
    """The data directory, unless nothing is going to be in it. Raises: ConfigError."""
    path = config.data_dir
    if config.secret_key and not config.database_url.startswith("sqlite:"):
        return
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The data directory {path} cannot be made ({reason_of(error)}): set HUB_DATA_DIR."
        ) from None
