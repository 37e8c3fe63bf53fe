"""What an error of SQLite or PostgreSQL means: to be tried again, somebody else's, or in words for people.

Pure: it reads the exceptions that peewee has wrapped. Step before: a statement has failed in `database`.
"""

_MEANINGS = {
    "locked": "another program holds it",
    "lock timeout": "another program holds it",
    "full": "its disk is full",
    "no space": "its disk is full",
    "readonly": "it can only be read",
    "read-only": "it can only be read",
    "unable to open": "its file cannot be opened",
    "disk i/o": "its disk does not work",
}


def is_silence(error: Exception) -> bool:
    """A server that takes connections, as far as the network goes, and says nothing."""
    return type(error.__cause__ or error.__context__).__name__ == "ConnectionTimeout"


def is_deadlock(error: Exception) -> bool:
    return _code(error) in ("40P01", "40001")


def is_taken(error: Exception) -> bool:
    """A unique key or a foreign one, and no mistake of ours in the row itself."""
    return _code(error) in (
        "23505",
        "23503",
        "SQLITE_CONSTRAINT_UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
        "SQLITE_CONSTRAINT_FOREIGNKEY",
    )


def _code(error: Exception) -> str | None:
    """The engine's own: an SQLSTATE, or the name that SQLite gives it."""
    cause = error.__cause__ or error.__context__
    found: str | None = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return found


def plain(error: Exception) -> str:
    """What it means, for people; the library's own words stand in the log."""
    said = str(error).lower()
    for sign, meaning in _MEANINGS.items():
        if sign in said:
            return meaning
    return "it does not answer"


def one_line(error: Exception) -> str:
    return " ".join(str(error).split())
