"""Does the secret key fit the database?

Owns the check value: a text that the first hub sealed with its key. Whoever cannot open it has another key,
and would seal what nobody else could read, while every signed delivery failed. A database from before there
was a check value is tried by one of its sealed values. Everything here belongs into a transaction or a
`read`.
"""

from hub.store import models, settings
from hub.store.secrets import SecretBox, SecretUnreadable

NOTE = "key_check"
_ROW, _FIELD = "hub", "key_check"
_SEALED = (models.Hook.secrets, models.Hook.headers)
"""The sealed columns; each is sealed for the row's id and the column's name."""


def needs_key() -> bool:
    """True when there is something here that only the right key opens."""
    return settings.note(NOTE) is not None or _sealed_value() is not None


def fits(box: SecretBox) -> bool:
    """True when this key opens what is here; also while nothing is sealed yet."""
    note = settings.note(NOTE)
    row_id, field, sealed = _sealed_value() or ("", "", None) if note is None else (_ROW, _FIELD, note)
    try:
        return sealed is None or bool(box.open(row_id, field, sealed))
    except SecretUnreadable:
        return False


def remember(box: SecretBox) -> None:
    """Leave the check value of this key, unless another hub has left its own meanwhile."""
    settings.add_note(NOTE, box.seal(_ROW, _FIELD, "fits"))


def _sealed_value() -> tuple[str, str, str] | None:
    """Row, field and text of any one sealed value."""
    for column in _SEALED:
        row = models.Hook.select(models.Hook.id, column).where(column.is_null(False)).tuples().first()
        if row is not None:
            return row[0], column.name, row[1]
    return None
