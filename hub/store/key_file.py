"""The secret key's file in the data directory, for hubs that are given no key: made once, read by its owner
alone.

Owns the file, never what the key is used for. Hubs that start at the same moment agree on one key.
"""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hub.config import SECRET_KEY_BYTES, reason_of
from hub.errors import ConfigError

NAME = "secret_key"


def read(data_dir: Path) -> str | None:
    """The key; None when there is none yet. Raises: ConfigError: it cannot be read, or was cut short."""
    path = data_dir / NAME
    try:
        if path.stat().st_mode & 0o077:  # a copy or a restore loosened it
            with suppress(OSError):
                path.chmod(0o600)
        key = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The secret key {path} cannot be read ({reason_of(error)}): fix it, or set HUB_SECRET_KEY."
        ) from None
    if len(key) < SECRET_KEY_BYTES:
        raise ConfigError(
            f"The secret key {path} is cut short: restore it from a backup, for what it encrypted is "
            "lost without it."
        )
    return key


def new_key() -> str:
    return secrets.token_urlsafe(48)


def read_or_make(data_dir: Path, new_key: Callable[[], str] = new_key) -> str:
    """The key, made with mode 0600 if there is none yet. Raises: ConfigError."""
    path = data_dir / NAME
    try:
        if not path.exists():
            _create_once(path, new_key())
    except OSError as error:
        raise ConfigError(
            f"The secret key {path} cannot be made ({reason_of(error)}): fix it, or set HUB_SECRET_KEY."
        ) from None
    made = read(data_dir)
    assert made is not None
    return made


def _create_once(path: Path, text: str) -> None:
    """Write `text` to `path` unless it exists by then. It is written whole under another name and then
    linked, so readers see all of it or nothing, even after a power cut. A link that is there is never
    replaced.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
