"""`hookhub check`: is this set up well, and if not, what to do; and `hookhub config`.

Owns the findings, one line each. It changes nothing, and prints no secret.
"""

import contextlib
import resource
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

import click
import requests

from connectors import registry
from hub.commands import serving_lock
from hub.commands.opening import data_option, load_config
from hub.commands.serving import raise_file_limit
from hub.config import Config
from hub.engine.in_flight import REQUESTS_MAX
from hub.engine.intake import DISK_FREE_MIN_BYTES
from hub.errors import ConfigError, DeliveryError, HubError
from hub.operations import hub_data
from hub.operations.hub_data import NoHub
from hub.rules.people import password_error
from hub.store import key_file, schema, workers
from hub.store.database import Database
from hub.targets.relay import Relay, relay_address

Mark = Literal["ok", "warning", "error"]

DISK_FREE_COMFORT_BYTES = 2 * 1024**3
CLOCK_APART_MAX_S = 5.0
READY_TIMEOUT_S = 5
RELAY_TIMEOUT_S = 5.0
YEARS = range(2026, 2100)
OPEN_FILES_NEEDED = REQUESTS_MAX * 2 + 256
"""A sender has a socket and may be looking a name up; the rest are callers, database and log."""


@dataclass(frozen=True, slots=True)
class Finding:
    mark: Mark
    text: str


@click.command("check")
@data_option
def check(data_dir: str | None) -> None:
    """Look at the set-up and say what to mend; exit 1 if anything is wrong."""
    loaded = load_config(data_dir=data_dir)
    raise_file_limit()
    findings = list(examine(loaded))
    for finding in findings:
        click.echo(f"{finding.mark:<8} {finding.text}")
    if any(finding.mark == "error" for finding in findings):
        raise click.exceptions.Exit(1)


@click.command("config")
@data_option
def show_config(data_dir: str | None) -> None:
    """Print the configuration in force, secrets hidden."""
    for name, value in load_config(data_dir=data_dir).shown().items():
        click.echo(f"{name}={value}")


def examine(loaded: Config) -> Iterator[Finding]:
    """Every finding, in the order in which people should mend them. Raises: NoHub."""
    yield from database(loaded)
    yield from running_hub(loaded)
    yield from data_directory(loaded)
    yield base_url(loaded)
    yield from first_password(loaded)
    yield outbound(loaded)
    yield mail(loaded)
    yield from packages()
    yield open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def database(loaded: Config) -> Iterator[Finding]:
    """The database, and the secret key that belongs to it."""
    try:
        with hub_data.storage_faults(loaded), contextlib.closing(Database(loaded.database_url)) as opened:
            hub_data.check_there(loaded, opened)
            pending = schema.pending(opened)
            yield _schema(loaded, pending)
            yield from _clock(opened)
            if not pending:
                yield _workers(opened)
            yield secret_key(loaded, opened)
    except NoHub:
        raise
    except HubError as error:
        yield Finding("error", f"database: {error}")
        yield secret_key(loaded, None)


def _schema(loaded: Config, pending: list[str]) -> Finding:
    where = loaded.shown()["HUB_DATABASE_URL"]
    if pending:
        return Finding("ok", f"database: {where} answers; due at the next start: {', '.join(pending)}")
    return Finding("ok", f"database: {where} answers, and its schema is current")


def _clock(opened: Database) -> Iterator[Finding]:
    now = time.time()
    if time.gmtime(now).tm_year not in YEARS:
        yield Finding(
            "error",
            (
                f"clock: this machine says {time.strftime('%Y-%m-%d', time.gmtime(now))}; set it, "
                "for receivers refuse old signatures"
            ),
        )
        return
    opened.sync_clock()
    apart_s = opened.clock.now() - time.time()
    if abs(apart_s) > CLOCK_APART_MAX_S:
        yield Finding(
            "error",
            (
                f"clock: {abs(apart_s):.0f} s apart from the database's; run a time service (NTP) on both "
                "machines"
            ),
        )
    else:
        yield Finding(
            "ok", "clock: sane" + (", and the same as the database's" if opened.is_postgresql else "")
        )


def _workers(opened: Database) -> Finding:
    alive = opened.read(lambda: workers.alive(opened.clock.now()))
    return Finding(
        "ok",
        f"workers: {alive} deliver now"
        if alive
        else "workers: none delivers now; 'hookhub serve' or 'hookhub worker' does",
    )


def running_hub(loaded: Config) -> Iterator[Finding]:
    """Whether this looked at a hub that runs, and whether that one was told the same."""
    if not loaded.database_url.startswith("sqlite"):
        text = "running hub: not looked at, for hubs on any machine may share this database"
        yield Finding("ok", f"{text}; this is about its data and this environment")
        return
    found = serving_lock.running(loaded)
    if found is None:
        text = f"running hub: none serves {hub_data.where(loaded)} now"
        yield Finding("ok", f"{text}; this is about its data and this environment")
        return

    is_ready, says = _asked(found.address)
    yield Finding(
        "ok" if is_ready else "error", f"running hub: process {found.pid} at {found.address} {says}"
    )
    if found.base_url != loaded.base_url:
        yield Finding(
            "warning",
            f"running hub: it was started with the base URL {found.base_url}, and this environment says "
            f"{loaded.base_url}; run check with the environment of the hub",
        )


def _asked(address: str) -> tuple[bool, str]:
    """Whether a hub says that it is ready, and in words."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy of this shell's knows nothing of this machine
            answer = session.get(f"{address}/readyz", timeout=READY_TIMEOUT_S)
            checks = answer.json()["checks"]
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        return False, f"does not answer ({type(error).__name__})"
    if answer.status_code == 200:
        return True, "answers and is ready"
    return False, f"is not ready: {', '.join(f'{name} {state}' for name, state in checks.items())}"


def data_directory(loaded: Config) -> Iterator[Finding]:
    """What lies there is readable by nobody else; and there is room."""
    path = loaded.data_dir
    if not path.is_dir():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            "warning",
            f"data directory: {path} is open to other users (mode {mode:04o}); run: chmod 700 {path}",
        )
    else:
        yield Finding("ok", f"data directory: {path} is yours alone")
    free = shutil.disk_usage(path).free
    text = f"disk: {free / 1024**3:.1f} GiB free"
    if free < DISK_FREE_MIN_BYTES:
        yield Finding(
            "error", f"{text}: no event is accepted below {DISK_FREE_MIN_BYTES / 1024**3:.2f} GiB; make room"
        )
    elif free < DISK_FREE_COMFORT_BYTES:
        yield Finding("warning", f"{text}: make room, or lower retention_days")
    else:
        yield Finding("ok", text)


def secret_key(loaded: Config, opened: Database | None) -> Finding:
    """Whether it fits the database can be told only while that answers."""
    path = loaded.data_dir / key_file.NAME
    try:
        if opened is None:
            key = loaded.secret_key or key_file.read(loaded.data_dir)
        else:
            key = hub_data.key_of(loaded, opened)
    except ConfigError as error:
        return Finding("error", f"secret key: {error}")

    fits = "" if opened is None else ", and fits the database"
    if loaded.secret_key:
        return Finding("ok", f"secret key: given{fits}")
    if loaded.database_url.startswith("postgresql"):
        made = f"made by this machine ({path})" if key else "none yet"
        advice = "give the same HUB_SECRET_KEY to every machine that shares the database"
        return Finding("warning", f"secret key: {made}; {advice}")
    if key is None:
        return Finding("ok", "secret key: none yet; the next start makes one")
    if path.stat().st_mode & 0o077:
        return Finding("error", f"secret key: others may read {path}; run: chmod 600 {path}")
    advice = "back it up with the database, which is of little use without it"
    return Finding("ok", f"secret key: {path}{fits}; {advice}")


def base_url(loaded: Config) -> Finding:
    parts = urlsplit(loaded.base_url)
    is_local = _is_local(parts.hostname or "")
    if is_local and not _is_local(loaded.host):
        return Finding(
            "warning",
            (
                f"base URL: {loaded.base_url} means nothing on other machines, "
                f"yet the hub listens on {loaded.host}; set HUB_BASE_URL"
            ),
        )
    if parts.scheme == "http" and not is_local:
        return Finding(
            "warning",
            (
                f"base URL: {loaded.base_url} sends tokens and passwords in the clear; "
                "put TLS before it and set https://"
            ),
        )
    return Finding("ok", f"base URL: {loaded.base_url}")


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def first_password(loaded: Config) -> Iterator[Finding]:
    if loaded.admin_password and (reason := password_error(loaded.admin_password)):
        yield Finding("warning", f"administrator: HUB_ADMIN_PASSWORD {reason}")


def outbound(loaded: Config) -> Finding:
    if not loaded.outbound_allow:
        return Finding(
            "ok", "outbound: public addresses only; HUB_OUTBOUND_ALLOW opens private networks to hooks"
        )
    networks = ", ".join(map(str, loaded.outbound_allow))
    if any(network.prefixlen == 0 for network in loaded.outbound_allow):
        return Finding(
            "warning",
            (
                f"outbound: hooks may reach every address ({networks}), your own services too; "
                "name smaller networks"
            ),
        )
    return Finding("ok", f"outbound: public addresses, and {networks}")


def mail(loaded: Config) -> Finding:
    """Whether the relay can be reached and takes the login; nothing is sent."""
    address = relay_address(loaded)
    if address is None:
        return Finding("ok", "mail: none is sent; HUB_SMTP_URL and HUB_MAIL_FROM name a relay for it")
    relay = Relay(address, urlsplit(loaded.base_url).hostname or "localhost")
    try:
        relay.look(RELAY_TIMEOUT_S)
    except DeliveryError as error:
        return Finding("error", f"mail: {error.reason}; until it is mended, mails and notices wait")
    finally:
        relay.close()
    login = " and takes the login" if address.user else ""
    return Finding("ok", f"mail: {address.url} answers{login}; mails are from {address.sender}")


def packages() -> Iterator[Finding]:
    """What installed packages say that they add, and cannot."""
    for broken in registry.broken():
        text = f"packages: {broken.package} breaks {broken.key} of {broken.group}: {broken.reason}"
        yield Finding("warning", f"{text}; mend or uninstall it, everything else works")


def open_files(soft: int) -> Finding:
    text = "open files: no limit" if soft == resource.RLIM_INFINITY else f"open files: {soft}"
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES_NEEDED:
        return Finding(
            "warning",
            (
                f"{text}, fewer than {REQUESTS_MAX} requests at once need; allow {OPEN_FILES_NEEDED} "
                "(LimitNOFILE= or ulimit -n)"
            ),
        )
    return Finding("ok", text)
