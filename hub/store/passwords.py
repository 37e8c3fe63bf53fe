"""Passwords: what is kept of one, and whether somebody's fits.

Only an argon2 hash is kept. Making one or checking one takes a tenth of a second and 64 MiB, so it is done
outside of transactions, and by two threads at a time. Step before: `hub.operations` has a password that may
be one. Step after: `hub.store.users` keeps the hash.
"""

import secrets
import threading
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

STRONG = PasswordHasher()
"""Argon2id as RFC 9106 recommends it where memory is scarce: 64 MiB, three times over."""

_hashing = threading.Semaphore(2)
"""A flood of logins must not take all memory."""


def nobodys(hasher: PasswordHasher) -> str:
    """What is checked for unknown users, so that they take as long as known ones: a hash in form, of no
    password.
    """
    salt, digest = (
        b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v={ARGON2_VERSION}${cost}${salt}${digest}"


class _Process:
    """How this process hashes."""

    hasher = STRONG
    nobodys = nobodys(STRONG)


def hash_with(hasher: PasswordHasher) -> None:
    """From now on. For tests that are about something else, which ask for little."""
    _Process.hasher, _Process.nobodys = hasher, nobodys(hasher)


def hashed(password: str) -> str:
    """What is kept of a password. Takes a tenth of a second: never call it inside a transaction, publishers
    would wait for it.
    """
    with _hashing:
        return _Process.hasher.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the one that this hash was made of. Without a hash it takes as long, and fits never."""
    with _hashing:
        try:
            _Process.hasher.verify(kept or _Process.nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(kept)
