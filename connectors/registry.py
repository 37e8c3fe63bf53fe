"""The registry: which formats, connectors and sources there are, and where each one lives.

Owns three tables: the formats (what is sent), the connectors (the outside apps that hooks come from) and the
sources (the senders whose webhooks come in). A new one is its file, its test, and one line here. Modules are
loaded on first use and kept, so that a broken one hurts only who asks for it. Packages installed beside the
hub add their own through the entry-point groups `hookhub.formats`, `hookhub.connectors` and
`hookhub.sources` (docs/connectors.md); they can add a key, never replace one of ours. One that cannot be
loaded stands in no list: `broken` names it, and `find_…` answer None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from connectors.base import Connector, Format
from connectors.inbound import Source

FORMATS: dict[str, str] = {
    "standard": "connectors.formats.standard:FORMAT",
    "icescrum": "connectors.formats.icescrum:FORMAT",
    "github": "connectors.formats.github:FORMAT",
    "cloudevents": "connectors.formats.cloudevents:FORMAT",
    "slack": "connectors.formats.slack:FORMAT",
    "discord": "connectors.formats.discord:FORMAT",
    "teams": "connectors.formats.teams:FORMAT",
    "mattermost": "connectors.formats.mattermost:FORMAT",
    "rocketchat": "connectors.formats.rocketchat:FORMAT",
    "google_chat": "connectors.formats.google_chat:FORMAT",
    "telegram": "connectors.formats.telegram:FORMAT",
    "ntfy": "connectors.formats.ntfy:FORMAT",
    "gotify": "connectors.formats.gotify:FORMAT",
    "matrix": "connectors.formats.matrix:FORMAT",
    "email": "connectors.formats.email:FORMAT",
}

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

SOURCES: dict[str, str] = {
    "github": "connectors.sources.github:SOURCE",
    "gitlab": "connectors.sources.gitlab:SOURCE",
    "gitea": "connectors.sources.gitea:SOURCE",
    "bitbucket": "connectors.sources.bitbucket:SOURCE",
    "jira": "connectors.sources.jira:SOURCE",
    "trello": "connectors.sources.trello:SOURCE",
    "slack": "connectors.sources.slack:SOURCE",
    "sentry": "connectors.sources.sentry:SOURCE",
    "grafana": "connectors.sources.grafana:SOURCE",
    "alertmanager": "connectors.sources.alertmanager:SOURCE",
    "stripe": "connectors.sources.stripe:SOURCE",
    "shopify": "connectors.sources.shopify:SOURCE",
    "icescrum": "connectors.sources.icescrum:SOURCE",
    "hookhub": "connectors.sources.hookhub:SOURCE",
    "standard": "connectors.sources.standard:SOURCE",
    "generic_hmac": "connectors.sources.generic_hmac:SOURCE",
    "token": "connectors.sources.token:SOURCE",
    "basic": "connectors.sources.basic:SOURCE",
    "none": "connectors.sources.address_alone:SOURCE",
    "broker": "connectors.sources.broker:SOURCE",
}

FORMAT_GROUP = "hookhub.formats"
CONNECTOR_GROUP = "hookhub.connectors"
SOURCE_GROUP = "hookhub.sources"
_OURS = {FORMAT_GROUP: FORMATS, CONNECTOR_GROUP: CONNECTORS, SOURCE_GROUP: SOURCES}

Kind = TypeVar("Kind", Format, Connector, Source)

_SHOWN: dict[type, tuple[str, ...]] = {
    Format: ("name", "summary", "docs", "content_type"),
    Connector: ("name", "summary", "docs"),
    Source: ("name", "summary", "docs", "proof"),
}
"""What pages show of each kind, and so must be there."""


class Unknown(LookupError):
    """No format, connector or kind of source has that key; the text lists those there are."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What an installed package says that it adds, and does not."""

    package: str
    """Its name, with its version where that is known."""
    group: str
    key: str
    reason: str


@cache
def format_of(key: str) -> Format:
    """The format of that key. Raises Unknown; TypeError for an entry point that is not what it says."""
    return _found(FORMAT_GROUP, key, Format, "format")


@cache
def connector(key: str) -> Connector:
    """The connector of that key. Raises as `format_of`."""
    return _found(CONNECTOR_GROUP, key, Connector, "connector")


@cache
def source(key: str) -> Source:
    """The kind of source of that key. Raises as `format_of`."""
    return _found(SOURCE_GROUP, key, Source, "kind of source")


def find_format(key: str) -> Format | None:
    """None: its package is not installed any more, or is broken."""
    return format_of(key) if key in format_keys() else None


def find_connector(key: str) -> Connector | None:
    """None: its package is not installed any more, or is broken."""
    return connector(key) if key in connector_keys() else None


def find_source(key: str) -> Source | None:
    """None: its package is not installed any more, or is broken."""
    return source(key) if key in source_keys() else None


def format_keys() -> list[str]:
    """Ours in the order of the table, then those of installed packages by name."""
    return [*FORMATS, *_added(FORMAT_GROUP)[0]]


def connector_keys() -> list[str]:
    """Ours in the order of the table, then those of installed packages by name."""
    return [*CONNECTORS, *_added(CONNECTOR_GROUP)[0]]


def source_keys() -> list[str]:
    """Ours in the order of the table, then those of installed packages by name."""
    return [*SOURCES, *_added(SOURCE_GROUP)[0]]


def broken() -> list[Broken]:
    """What installed packages say that they add, and cannot, each with the reason."""
    return [one for group in _OURS for one in _added(group)[1]]


def forget_loaded() -> None:
    """Load and look up everything anew: for tests that install an entry point."""
    for cached in (format_of, connector, source, _paths, _added):
        cached.cache_clear()


@cache
def _paths(group: str) -> Mapping[str, str]:
    """Key → dotted path of a group; ours win, so that no installed package can put itself in front of
    `zapier` unseen.
    """
    ours = _OURS[group]
    added = {entry.name: entry.value for entry in reversed(_entries(group))}
    return ours | {key: path for key, path in added.items() if key not in ours}


def _entries(group: str) -> list[EntryPoint]:
    """By name, then by package: of two that add the same key the first one does."""
    return sorted(entry_points(group=group), key=lambda entry: (entry.name, _package(entry)))


@cache
def _added(group: str) -> tuple[tuple[str, ...], tuple[Broken, ...]]:
    """What installed packages add: the keys of what could be loaded, and what could not."""
    load = {FORMAT_GROUP: format_of, CONNECTOR_GROUP: connector, SOURCE_GROUP: source}[group]
    keys: list[str] = []
    faults: list[Broken] = []
    for entry in _entries(group):
        if entry.name in keys or entry.name in _OURS[group]:
            whose = "another package's" if entry.name in keys else "the hub's own"
            faults.append(Broken(_package(entry), group, entry.name, f"the key is {whose} already"))
            continue
        try:
            load(entry.name)
        except (Exception, SystemExit) as error:  # somebody else's module may raise anything
            faults.append(Broken(_package(entry), group, entry.name, f"{type(error).__name__}: {error}"))
        else:
            keys.append(entry.name)
    return tuple(keys), tuple(faults)


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist is not None else entry.value


def _found(group: str, key: str, kind: type[Kind], called: str) -> Kind:
    known = _paths(group)
    if key not in known:
        raise Unknown(f"there is no {called} {key!r}: use one of {', '.join(known)}")
    return _load(known[key], key, kind)


def _load(path: str, key: str, kind: type[Kind]) -> Kind:
    """`module:NAME` → the object. A missing module and one that raises while it loads keep their own
    error.
    """
    module, _, name = path.partition(":")
    loaded = import_module(module)
    if not hasattr(loaded, name):
        raise TypeError(f"{path!r} must be written module:NAME, and that module must have that name")
    found = getattr(loaded, name)
    if not isinstance(found, kind) or found.key != key:
        raise TypeError(
            f"{path} is not the {kind.__name__.lower()} {key!r}: "
            f"it must be a {kind.__module__}.{kind.__name__} with that key"
        )
    if lacking := [name for name in _SHOWN[kind] if not isinstance(getattr(found, name, None), str)]:
        raise TypeError(f"{path} lacks {', '.join(lacking)}: each must be a text")
    return found
