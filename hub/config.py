"""The hub's configuration (docs/configuration.md): read once, checked whole, frozen.

Owns the names `HUB_*`, their defaults and ranges. It is the only reader of the environment; it makes nothing,
and it never shows a secret: not in a message, a `repr` or `shown`. Step before: the command line gives its
overrides; step after: `operations.hub_data` opens what the `Config` names. What admins tune while the hub
runs is a setting in the store, not here.
"""

import difflib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from hub.errors import ConfigError

Network = IPv4Network | IPv6Network

NAMES = (
    "HUB_DATA_DIR",
    "HUB_DATABASE_URL",
    "HUB_HOST",
    "HUB_PORT",
    "HUB_BASE_URL",
    "HUB_SECRET_KEY",
    "HUB_ADMIN_USERNAME",
    "HUB_ADMIN_PASSWORD",
    "HUB_OUTBOUND_ALLOW",
    "HUB_OUTBOUND_PORTS",
    "HUB_OUTBOUND_CA_FILE",
    "HUB_SMTP_URL",
    "HUB_SMTP_PASSWORD",
    "HUB_MAIL_FROM",
    "HUB_WORKERS",
    "HUB_LOG_LEVEL",
    "HUB_LOG_FORMAT",
    "HUB_TRUSTED_PROXIES",
)
SECRET_NAMES = ("HUB_DATABASE_URL", "HUB_SECRET_KEY", "HUB_ADMIN_PASSWORD", "HUB_SMTP_PASSWORD")
"""Each may be given as NAME_FILE instead: the path of a file that holds it, as container platforms mount
secrets.
"""

SECRET_KEY_BYTES = 32
MAX_WORKERS = 64
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error", "critical")
HIDDEN = "(hidden)"
SMTP_PORTS = {"smtp": 587, "smtps": 465}
_SENDER = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+", re.ASCII)
_BASE_URL_CHARACTERS = re.compile(r"[\w.:/\[\]%~+,;=!$&'()*-]+", re.ASCII)
"""Those of scheme, host, port and path (RFC 3986); a user, a query or a fragment is refused."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the hub is told from outside. Paths are absolute, URLs without a trailing slash."""

    data_dir: Path
    database_url: str = field(repr=False)
    """`sqlite:///` + absolute path, or `postgresql://…`."""
    host: str
    port: int
    """0 = any free one."""
    base_url: str
    secret_key: str = field(repr=False)
    """At least 32 bytes; what is encrypted or signed at rest derives from it. Empty: the one in the data
    directory.
    """
    admin_username: str | None
    admin_password: str | None = field(repr=False)
    """Given together with `admin_username`, or not at all."""
    outbound_allow: tuple[Network, ...]
    outbound_ports: tuple[int, ...]
    outbound_ca_file: str | None
    smtp_url: str | None
    """`smtp://` or `smtps://`, with a host, a port and perhaps a user; None: the hub sends no mail."""
    smtp_password: str | None = field(repr=False)
    mail_from: str | None
    """Given together with `smtp_url`, or not at all."""
    workers: int
    """0 = no deliveries here, 1 = inside the serving process, more = that many processes."""
    log_level: str
    """Lower case, as uvicorn wants it."""
    log_format: str
    """`text` or `json`."""
    trusted_proxies: tuple[str, ...]
    """Networks whose `X-Forwarded-*` is believed; none by default, for through a tunnel every caller is
    127.0.0.1.
    """

    def shown(self) -> dict[str, str]:
        """By environment name, fit to be printed: secrets hidden, what is not given empty."""
        return {
            "HUB_DATA_DIR": str(self.data_dir),
            "HUB_DATABASE_URL": _without_password(self.database_url),
            "HUB_HOST": self.host,
            "HUB_PORT": str(self.port),
            "HUB_BASE_URL": self.base_url,
            "HUB_SECRET_KEY": HIDDEN if self.secret_key else "",
            "HUB_ADMIN_USERNAME": self.admin_username or "",
            "HUB_ADMIN_PASSWORD": HIDDEN if self.admin_password else "",
            "HUB_OUTBOUND_ALLOW": ",".join(map(str, self.outbound_allow)),
            "HUB_OUTBOUND_PORTS": ",".join(map(str, self.outbound_ports)),
            "HUB_OUTBOUND_CA_FILE": self.outbound_ca_file or "",
            "HUB_SMTP_URL": self.smtp_url or "",
            "HUB_SMTP_PASSWORD": HIDDEN if self.smtp_password else "",
            "HUB_MAIL_FROM": self.mail_from or "",
            "HUB_WORKERS": str(self.workers),
            "HUB_LOG_LEVEL": self.log_level,
            "HUB_LOG_FORMAT": self.log_format,
            "HUB_TRUSTED_PROXIES": ",".join(self.trusted_proxies),
        }


def load(environ: Mapping[str, str] = os.environ, **overrides: object) -> Config:
    """Read and check everything; `overrides` come from the command line by field name (None: not given) and
    win.

    An empty variable counts as not given, as compose files pass them. Raises ConfigError that names every
    problem, one sentence each, and no secret.
    """
    reader = _Reader(environ, overrides)
    data_dir = reader.directory("HUB_DATA_DIR", "hub-data")
    host = reader.text("HUB_HOST") or "127.0.0.1"
    port = reader.number("HUB_PORT", 8000, 65535)
    config = Config(
        data_dir=data_dir,
        database_url=reader.database_url("HUB_DATABASE_URL", data_dir),
        host=host,
        port=port,
        base_url=reader.base_url("HUB_BASE_URL", host, port),
        secret_key=reader.text("HUB_SECRET_KEY") or "",
        admin_username=reader.text("HUB_ADMIN_USERNAME"),
        admin_password=reader.text("HUB_ADMIN_PASSWORD"),
        outbound_allow=reader.networks("HUB_OUTBOUND_ALLOW"),
        outbound_ports=reader.ports("HUB_OUTBOUND_PORTS"),
        outbound_ca_file=reader.file("HUB_OUTBOUND_CA_FILE"),
        smtp_url=reader.smtp_url("HUB_SMTP_URL"),
        smtp_password=reader.text("HUB_SMTP_PASSWORD"),
        mail_from=reader.sender("HUB_MAIL_FROM"),
        workers=reader.number("HUB_WORKERS", 1, MAX_WORKERS),
        log_level=reader.choice("HUB_LOG_LEVEL", "info", LOG_LEVELS),
        log_format=reader.choice("HUB_LOG_FORMAT", "text", LOG_FORMATS),
        trusted_proxies=tuple(map(str, reader.networks("HUB_TRUSTED_PROXIES"))),
    )
    if config.secret_key and len(config.secret_key.encode()) < SECRET_KEY_BYTES:
        reader.complain(
            "HUB_SECRET_KEY is too short: give at least 32 random characters, or none to have one made."
        )
    if not reader.problems and bool(config.smtp_url) != bool(config.mail_from):
        reader.complain("HUB_SMTP_URL and HUB_MAIL_FROM belong together: give both or neither.")
    if not reader.problems and config.smtp_url and config.smtp_password and "@" not in config.smtp_url:
        reader.complain("HUB_SMTP_PASSWORD is given, but HUB_SMTP_URL names no user: smtp://USER@HOST:587.")
    if not reader.problems and bool(config.admin_username) != bool(config.admin_password):
        reader.complain("HUB_ADMIN_USERNAME and HUB_ADMIN_PASSWORD belong together: give both or neither.")
    if reader.problems:
        raise ConfigError(" ".join(reader.problems))
    return config


def environ_of(**values: str) -> dict[str, str]:
    """The environment for a hub that is to know nothing of this one: ours, with these HUB_* names and no
    others.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | values


class _Reader:
    """Takes one value after the other out of the environment, and collects what is wrong instead of stopping
    at the first.
    """

    def __init__(self, environ: Mapping[str, str], overrides: Mapping[str, object]) -> None:
        self.problems: list[str] = []
        unknown = {key for key in overrides if f"HUB_{key.upper()}" not in NAMES}
        if unknown:
            raise TypeError(f"no such field: {', '.join(sorted(unknown))}")
        self._environ = environ
        self._overrides = {
            f"HUB_{key.upper()}": str(value) for key, value in overrides.items() if value is not None
        }
        self._refuse_unknown_names()

    def complain(self, sentence: str) -> None:
        self.problems.append(sentence)

    def text(self, name: str) -> str | None:
        """The value, or None when it is not given or could not be read."""
        if name in self._overrides:
            return self._overrides[name] or None
        value = self._environ.get(name)
        path = self._environ.get(f"{name}_FILE") if name in SECRET_NAMES else None
        if not path:
            return value or None
        if value:
            self.complain(f"{name} and {name}_FILE are both given: drop one.")
            return None
        try:
            # Editors and `echo` end a file with a newline that is no part of the secret; anything else may
            # be.
            content = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            self.complain(f"{name}_FILE names {path}, which cannot be read ({reason_of(error)}).")
            return None
        if not content:
            self.complain(f"{name}_FILE names {path}, which is empty.")
        return content or None

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 0 to `most`."""
        text = self.text(name)
        if text is None:
            return default
        if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= most:
            return int(text)
        self.complain(f"{name} is {text!r}: give a whole number from 0 to {most}.")
        return default

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        text = (self.text(name) or default).lower()
        if text not in choices:
            self.complain(f"{name} is {text!r}: give one of {', '.join(choices)}.")
        return text

    def networks(self, name: str) -> tuple[Network, ...]:
        """Comma-separated networks; an address alone is a network of one, host bits are dropped."""
        found: list[Network] = []
        for part in filter(None, map(str.strip, (self.text(name) or "").split(","))):
            try:
                found.append(ip_network(part, strict=False))
            except ValueError:
                self.complain(
                    f"{name} holds {part!r}: give networks such as 10.0.0.0/8 or fd00::/8, "
                    "separated by commas."
                )
        return tuple(found)

    def ports(self, name: str) -> tuple[int, ...]:
        """Comma-separated ports, in the order of their numbers."""
        found: set[int] = set()
        for part in filter(None, map(str.strip, (self.text(name) or "").split(","))):
            if part.isascii() and part.isdigit() and len(part) <= 5 and 0 < int(part) <= 65535:
                found.add(int(part))
            else:
                self.complain(f"{name} holds {part!r}: give ports from 1 to 65535, separated by commas.")
        return tuple(sorted(found))

    def file(self, name: str) -> str | None:
        """The absolute path of a file that can be read."""
        text = self.text(name)
        if text is None:
            return None
        path = Path(text).expanduser().absolute()
        try:
            path.open("rb").close()
        except (OSError, ValueError) as error:
            self.complain(f"{name} names {text}, which cannot be read ({reason_of(error)}).")
        return str(path)

    def directory(self, name: str, default: str) -> Path:
        """The absolute path of a directory, whether it is there or not."""
        path = Path(self.text(name) or default).expanduser().absolute()
        try:
            is_directory = stat.S_ISDIR(path.stat().st_mode)
        except FileNotFoundError:
            return path
        except (OSError, ValueError) as error:
            self.complain(f"{name} names {path}, which cannot be used ({reason_of(error)}).")
            return path
        if not is_directory:
            self.complain(f"{name} names {path}, which is no directory.")
        return path

    def database_url(self, name: str, data_dir: Path) -> str:
        """SQLite with an absolute path, since other processes of the hub may start elsewhere; PostgreSQL
        under its full scheme.
        """
        text = self.text(name)
        if text is None:
            return f"sqlite:///{data_dir / 'hub.db'}"
        scheme, _, rest = text.partition("://")
        if scheme == "sqlite" and rest.startswith("/") and rest not in {"/", "/:memory:"}:
            return f"sqlite:///{Path(rest[1:]).expanduser().absolute()}"
        if scheme in {"postgres", "postgresql"}:
            parts = _split(f"postgresql://{rest}")
            database = parts.path.removeprefix("/") if parts else ""
            if parts and database and not parts.fragment and not set("/@") & set(database):
                return f"postgresql://{rest}"
        # It may hold a password, so it is never repeated.
        self.complain(
            f"{name} is not understood: give sqlite:////absolute/path.db or "
            "postgresql://user:password@host/database "
            "(a password's special characters percent-encoded)."
        )
        return ""

    def base_url(self, name: str, host: str, port: int) -> str:
        """Where people and apps reach the hub, perhaps behind a proxy and below a path; by default where it
        listens.
        """
        text = self.text(name)
        if text is None:
            reachable = "localhost" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host
            return f"http://{reachable}:{port}"
        parts = _split(text)
        if (
            not parts
            or parts.scheme not in {"http", "https"}
            or not parts.hostname
            or not _BASE_URL_CHARACTERS.fullmatch(text)
        ):
            self.complain(
                f"{name} is not understood: give http:// or https://, a host, and a path if a proxy adds one."
            )
        return text.rstrip("/")

    def smtp_url(self, name: str) -> str | None:
        """Where the mail relay is, with its port. It may hold a password by mistake, so it is never
        repeated.
        """
        text = self.text(name)
        if text is None:
            return None
        parts = _split(text)
        is_whole = parts is not None and parts.scheme in SMTP_PORTS and parts.hostname
        if parts is None or not is_whole or parts.path.strip("/") or parts.query or parts.fragment:
            self.complain(f"{name} is not understood: give smtp://HOST:587 or smtps://USER@HOST:465.")
            return None
        if parts.password is not None:
            self.complain(f"{name} holds a password: give that as HUB_SMTP_PASSWORD or in a file.")
            return None
        user = f"{parts.username}@" if parts.username else ""
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{user}{host}:{parts.port or SMTP_PORTS[parts.scheme]}"

    def sender(self, name: str) -> str | None:
        """From whom mails are: an address, perhaps with a name before it."""
        text = self.text(name)
        if text is None:
            return None
        address = parseaddr(text)[1]
        if not text.isprintable() or not _SENDER.fullmatch(address):
            self.complain(f"{name} is {text!r}: give hub@example.org or Our hub <hub@example.org>.")
        return text

    def _refuse_unknown_names(self) -> None:
        """A misspelt name would be a setting that silently does nothing. `HUB_TEST_*` belongs to the
        tests.
        """
        known = [*NAMES, *(f"{name}_FILE" for name in SECRET_NAMES)]
        for name in sorted(self._environ):
            if name.startswith("HUB_") and not name.startswith("HUB_TEST_") and name not in known:
                nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
                self.complain(f"{name} is not a name the hub knows: did you mean {nearest}?")


def _split(url: str) -> SplitResult | None:
    """The parts of a URL whose port is a port, or None."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _without_password(url: str) -> str:
    """The database's URL as it may be printed; libpq takes a password in the query as well."""
    if not url.startswith("postgresql://"):
        return url
    url = re.sub(r"(?<=://)([^/?@:]*):[^/?]+@", rf"\1:{HIDDEN}@", url)
    return re.sub(r"([?&][^=&]*password)=[^&]*", rf"\1={HIDDEN}", url, flags=re.IGNORECASE)


def reason_of(error: Exception) -> str:
    """What the system says, without the path: that stands in the sentence around it."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
