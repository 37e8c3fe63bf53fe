"""The tuned settings, kept in the database so that every process has the same ones.

Owns reading and writing their rows; what a value may be `rules.settings` decides. They are read inside the
transaction that judges outcomes, so that a changed value counts from the next failure on, everywhere
(docs/delivery.md).
"""

import json
from typing import Any

from hub.rules.settings import Settings, settings_from
from hub.store import models
from hub.store.models import Setting


def load() -> Settings:
    """The settings in force."""
    return settings_from(stored())


def stored() -> dict[str, Any]:
    """Only the values that somebody has set; by a statement written by hand, because each turn of the
    dispatcher asks.
    """
    rows = models.database.execute_sql("SELECT key, value FROM setting").fetchall()
    return {key: json.loads(value) for key, value in rows if not key.startswith("_")}


def change(values: dict[str, Any]) -> None:
    """Set checked values; call it in a transaction together with its audit entry."""
    for key, value in values.items():
        put(key, value)


def put(key: str, value: Any) -> None:
    """Set one row. A key that begins with `_` is the hub's own note, no setting."""
    text = json.dumps(value)
    Setting.insert(key=key, value=text).on_conflict(
        conflict_target=[Setting.key], update={Setting.value: text}
    ).execute()


def add_note(key: str, value: Any) -> None:
    """Leave a note of the hub's own, unless there is one already."""
    Setting.insert(key=f"_{key}", value=json.dumps(value)).on_conflict_ignore().execute()


def note(key: str) -> Any:
    """The hub's own note under `_key`, or None."""
    row = Setting.get_or_none(Setting.key == f"_{key}")
    return None if row is None else json.loads(row.value)


def take_note(key: str) -> bool:
    """Delete the hub's own note; True for the one caller that did, so that what it stands for happens
    once.
    """
    return bool(Setting.delete().where(Setting.key == f"_{key}").execute())
