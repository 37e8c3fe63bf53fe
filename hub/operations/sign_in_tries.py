"""The back-off after wrong passwords: by account and by address, in the database, so that all processes
agree.

Each try is counted as failed before its password is looked at, so that many at once are no way around it;
whoever was right takes it back. Names that nobody has are counted like others: nothing tells whether a name
is known. Numbers are those of `rules.sign_in`; step after: `operations.sessions` looks at the password.
"""

import hashlib
import ipaddress

from hub.errors import Busy
from hub.rules import sign_in
from hub.store import sessions, sign_in_tries, users
from hub.store.database import Database

Keys = tuple[str, str]
"""What a try is counted under: the account, and the address."""


def count(database: Database, name: str, address: str | None) -> Keys:
    """Raises: Busy: the next try has to wait; this one was not counted."""

    def write() -> tuple[Keys, float]:
        now = database.clock.now()
        user = users.by_name(name)
        # An account that somebody attacks from elsewhere stays open where its owner is known.
        is_known_here = user is not None and sessions.has_been_at(user, address)
        keys = (_account_key(name, address if is_known_here else None), _address_key(address))
        found = sign_in_tries.locked(database, keys)
        tries = dict(zip(keys, (sign_in.TRIES_OF_ACCOUNT, sign_in.TRIES_OF_ADDRESS), strict=True))
        failures = {key: sign_in.failures_now(*found[key], now) for key in keys}
        wait_s = max(found[key][1] + sign_in.wait_s(failures[key], tries[key]) - now for key in keys)
        if wait_s <= 0:
            for key in keys:
                sign_in_tries.put(key, failures[key] + 1, now)
        return keys, wait_s

    keys, wait_s = database.write(write).result()
    if wait_s > 0:
        seconds = int(wait_s) + 1
        raise Busy(
            f"there were too many wrong tries: wait {seconds} s before the next one",
            retry_after_s=seconds,
            title="Too many tries",
        )
    return keys


def was_right(keys: Keys) -> None:
    """Inside a transaction: the account begins anew. Of the address this one try is taken back, no other:
    somebody who knows one password must not try others for free.
    """
    account, address = keys
    sign_in_tries.forget(account)
    sign_in_tries.take_back(address)


def _account_key(name: str, address: str | None) -> str:
    text = name.strip().casefold() if address is None else f"{name.strip().casefold()}\n{address}"
    return f"account {hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _address_key(address: str | None) -> str:
    """Of IPv6 the network: whoever has one address there has all of them (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return f"address {(address or '')[:60]}"
    return f"address {ipaddress.ip_network(f'{parsed}/64', strict=False) if parsed.version == 6 else parsed}"
