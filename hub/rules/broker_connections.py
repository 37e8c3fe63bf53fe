"""The fields of a connection to a broker that an administrator sets.

Owns what each may be. Pure. Step before: a door has read them. Step after: `operations.broker_connections`
writes them.
"""

import ssl
from collections.abc import Collection, Sequence

from hub.errors import FieldError
from hub.rules import brokers, keys
from hub.rules.addresses import Network, TargetRefused
from hub.rules.targets import check_url

USERNAME_MAX = 200
PASSWORD_MAX = 4_000
CA_MAX = 65_536
PROJECTS_MAX = 1_000
NAME_PATTERN = "^[a-z0-9][a-z0-9-]{0,62}$"


def name_errors(name: str) -> list[FieldError]:
    if brokers.CONNECTION_NAME.fullmatch(name):
        return []
    message = "must be 1 to 63 lower-case letters, digits and hyphens, and not begin with a hyphen"
    return [("name", message)]


def kind_errors(kind: str) -> list[FieldError]:
    return [] if kind in brokers.KINDS else [("kind", f"must be one of {', '.join(brokers.KINDS)}")]


def url_errors(kind: str, url: str, allow: Sequence[Network], ports: Collection[int]) -> list[FieldError]:
    """What is wrong with the text of a URL of this kind; what its names resolve to is judged later."""
    try:
        for host, port in brokers.hosts_of(brokers.KINDS[kind], url):
            check_url(brokers.judged_as(host, port), allow, ports)
    except TargetRefused as refused:
        return [("url", str(refused))]
    return []


def login_errors(username: str | None, password: str | None) -> list[FieldError]:
    errors: list[FieldError] = []
    if username is not None and not _is_plain(username, USERNAME_MAX):
        errors.append(("username", f"must have 1 to {USERNAME_MAX} characters, none of them a control one"))
    if password is not None and not _is_plain(password, PASSWORD_MAX):
        errors.append(("password", f"must have 1 to {PASSWORD_MAX} characters, none of them a control one"))
    return errors


def ca_errors(ca: str | None) -> list[FieldError]:
    if ca is None:
        return []
    if len(ca) > CA_MAX:
        return [("ca", f"has {len(ca)} characters; {CA_MAX} is the most")]
    if not ca.isascii():
        return [("ca", "is no certificate in PEM, which is ASCII")]
    if "PRIVATE KEY" in ca:
        return [("ca", "holds a private key: give the certificate of the authority only")]
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=ca)
    except (ssl.SSLError, ValueError):
        return [("ca", "is no certificate in PEM: it begins with -----BEGIN CERTIFICATE-----")]
    return []


def project_errors(projects: Sequence[str] | None, known: Collection[str]) -> list[FieldError]:
    """`known`: the keys of the projects that there are."""
    if projects is None:
        return []
    if not projects:
        return [("projects", "is empty: name the projects that may use it, or leave it out (null) for all")]
    if len(projects) > PROJECTS_MAX:
        return [("projects", f"names {len(projects)} projects; {PROJECTS_MAX} is the most")]
    return [
        (f"projects[{n}]", keys.project_key_error(key) or f"there is no project {key}")
        for n, key in enumerate(projects)
        if key not in known
    ][:100]


def is_same_server(kind: str, url: str, other: str) -> bool:
    """True when two URLs lead to the same servers: what was entrusted to the one may be sent to the other."""
    try:
        return brokers.hosts_of(brokers.KINDS[kind], url) == brokers.hosts_of(brokers.KINDS[kind], other)
    except TargetRefused:
        return url == other


def _is_plain(text: str, most: int) -> bool:
    return 0 < len(text) <= most and all(one >= " " and one != "\x7f" for one in text)
