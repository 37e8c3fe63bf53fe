"""The schema's version: migrations applied in order, forward only, by one process at a time.

Owns when migrations run. They are files in `migrations/`, run by peewee's own runner, each in a transaction;
the first holds a frozen copy of the tables of its day. A database that is newer than this program is refused:
an old program would misread it.
"""

from pathlib import Path
from typing import Any

from playhouse.migrations import Runner

from hub.errors import HubError
from hub.store.database import Database

DIRECTORY = Path(__file__).parent / "migrations"


class SchemaTooNew(HubError):
    """The database was migrated by a newer hookhub."""


def is_there(database: Database) -> bool:
    """True when a hub was made here. Makes nothing."""
    if database.path is not None and not database.path.exists():
        return False
    with database.migrating() as db:
        return bool(Runner(db, str(DIRECTORY)).applied())


def migrate(database: Database) -> list[str]:
    """Apply what is missing; returns the names of what was applied.

    Raises:
        SchemaTooNew: the database knows migrations that this program does not.
    """
    with database.migrating() as db:
        runner = Runner(db, str(DIRECTORY))
        _refuse_newer(runner.status())
        return list(runner.up())


def pending(database: Database) -> list[str]:
    """The names of the migrations that the next start applies; changes nothing.

    Raises:
        SchemaTooNew: as `migrate` does.
    """
    with database.migrating() as db:
        status = Runner(db, str(DIRECTORY)).status()
    _refuse_newer(status)
    return [row.name for row in status if not row.applied]


def _refuse_newer(status: list[Any]) -> None:
    unknown = [row.name for row in status if row.path is None]
    if unknown:
        raise SchemaTooNew(
            f"this database was migrated by a newer hookhub ({', '.join(unknown)}): "
            "start that version instead"
        )
