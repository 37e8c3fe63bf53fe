"""The registry: which connectors and formats there are, and where each one lives.

Owns the two tables below; a new connector is its file, its test, and one line here. Modules are loaded on
first use and kept, so that a broken one hurts only who asks for it. Packages installed beside the hub add
their own through the entry-point groups `hookhub.connectors` and `hookhub.formats`; they can add a key, never
replace one of ours.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from connectors.base import Connector, Format

CONNECTORS: dict[str, str] = {
    "webhooks": "connectors.apps.webhooks:CONNECTOR",
    "icescrum": "connectors.apps.icescrum:CONNECTOR",
    "zapier": "connectors.apps.zapier:CONNECTOR",
    "n8n": "connectors.apps.n8n:CONNECTOR",
    "make": "connectors.apps.make:CONNECTOR",
    "power_automate": "connectors.apps.power_automate:CONNECTOR",
    "activepieces": "connectors.apps.activepieces:CONNECTOR",
    "pipedream": "connectors.apps.pipedream:CONNECTOR",
}

FORMATS: dict[str, str] = {
    "standard": "connectors.formats.standard:FORMAT",
    "icescrum": "connectors.formats.icescrum:FORMAT",
    "github": "connectors.formats.github:FORMAT",
    "cloudevents": "connectors.formats.cloudevents:FORMAT",
}

CONNECTOR_GROUP = "hookhub.connectors"
FORMAT_GROUP = "hookhub.formats"


class UnknownConnector(LookupError):
    """There is no connector of that key; the text lists those there are."""


class UnknownFormat(LookupError):
    """There is no format of that key; the text lists those there are."""


@cache
def connector(key: str) -> Connector:
    """The connector of that key. Raises UnknownConnector; TypeError for an entry point that is not what it
    says.
    """
    known = _paths(CONNECTOR_GROUP)
    if key not in known:
        raise UnknownConnector(f"there is no connector {key!r}: use one of {', '.join(known)}")
    found = _load(known[key])
    if not isinstance(found, Connector) or found.key != key:
        raise TypeError(
            f"{known[key]} is not the connector {key!r}: it must be a connectors.base.Connector with that key"
        )
    return found


@cache
def format_of(key: str) -> Format:
    """The format of that key. Raises UnknownFormat; TypeError for an entry point that is not what it says."""
    known = _paths(FORMAT_GROUP)
    if key not in known:
        raise UnknownFormat(f"there is no format {key!r}: use one of {', '.join(known)}")
    found = _load(known[key])
    if not isinstance(found, Format) or found.key != key:
        raise TypeError(
            f"{known[key]} is not the format {key!r}: it must fulfil connectors.base.Format with that key"
        )
    return found


def connector_keys() -> list[str]:
    """Ours in the order of the table, then those of installed packages by name."""
    return list(_paths(CONNECTOR_GROUP))


def format_keys() -> list[str]:
    """Ours in the order of the table, then those of installed packages by name."""
    return list(_paths(FORMAT_GROUP))


def forget_loaded() -> None:
    """Load and look up everything anew: for tests that install an entry point."""
    for cached in (connector, format_of, _paths):
        cached.cache_clear()


@cache
def _paths(group: str) -> Mapping[str, str]:
    """Key → dotted path of a group; ours win, so that no installed package can put itself in front of
    `zapier` unseen.
    """
    ours = CONNECTORS if group == CONNECTOR_GROUP else FORMATS
    added = {
        entry.name: entry.value for entry in sorted(entry_points(group=group), key=lambda entry: entry.name)
    }
    return ours | {key: path for key, path in added.items() if key not in ours}


def _load(path: str) -> object:
    """`module:NAME` → the object. A missing module and one that raises while it loads keep their own
    error.
    """
    module, _, name = path.partition(":")
    loaded = import_module(module)
    if not hasattr(loaded, name):
        raise TypeError(f"{path!r} must be written module:NAME, and that module must have that name")
    return getattr(loaded, name)
