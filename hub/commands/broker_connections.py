"""`hookhub connection`: beside a serving hub. Parses, calls `operations.broker_connections`, prints.

A password is asked for, or read from the standard input, so that no shell remembers it.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hub.commands.listing import confirm, pages, show
from hub.commands.opening import COMMAND_LINE, Group, data_option, load_config
from hub.operations import hub_data
from hub.operations.broker_connections import BrokerConnections, ConnectionChange
from hub.operations.open_connections import OpenConnections
from hub.rules.brokers import KINDS
from hub.targets.outbound import Outbound
from hub.timestamps import iso


@click.group("connection", cls=Group, no_args_is_help=False)
def connection_group() -> None:
    """Connections to message brokers, which hooks send to as broker://NAME/PLACE."""


@connection_group.command("list")
@data_option
def list_connections(data_dir: str | None) -> None:
    """Connections, newest first; never a password."""
    with _opened(data_dir) as connections:
        found = [*pages(lambda before: connections.list(COMMAND_LINE, before), lambda one: one.id)]
    rows = [
        (
            one.name,
            one.kind,
            one.url,
            "all" if one.projects is None else ",".join(one.projects),
            iso(one.created_at),
            one.last_error or "",
        )
        for one in found
    ]
    show(("NAME", "KIND", "URL", "PROJECTS", "MADE", "LAST ERROR"), rows)


@connection_group.command("create")
@click.argument("name")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("url")
@click.option("--username", help="As whom the hub logs in.")
@click.option("--password", "asks", is_flag=True, help="Ask for a password, or read it from the input.")
@click.option("--ca", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="Trusted, in PEM.")
@click.option("--no-verify", is_flag=True, help="Take any certificate.")
@click.option("--project", "projects", metavar="KEY", multiple=True, help="Who may use it; all without it.")
@data_option
def create_connection(
    name: str,
    kind: str,
    url: str,
    username: str | None,
    asks: bool,
    ca: str | None,
    no_verify: bool,
    projects: tuple[str, ...],
    data_dir: str | None,
) -> None:
    """Make a connection called NAME to the broker at URL, such as amqp://rabbit:5672."""
    wanted = ConnectionChange(
        url=url,
        username=username,
        password=_password() if asks else None,
        ca=Path(ca).read_text() if ca else None,
        verify_ssl=not no_verify,
        projects=projects or None,
    )
    with _opened(data_dir) as connections:
        click.echo(connections.create(COMMAND_LINE, name, kind, wanted).id)


@connection_group.command("delete")
@click.argument("name")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@data_option
def delete_connection(name: str, is_sure: bool, data_dir: str | None) -> None:
    """Delete a connection: what hooks send through it is refused until there is another of its name."""
    with _opened(data_dir) as connections:
        found = connections.named(COMMAND_LINE, name)
        hooks = connections.hooks_on(COMMAND_LINE, found)
        confirm(f"Delete the connection {name}? {hooks} hooks send through it.", is_sure)
        click.echo(connections.delete(COMMAND_LINE, found.id).id)


@connection_group.command("test")
@click.argument("name")
@data_option
def test_connection(name: str, data_dir: str | None) -> None:
    """Connect and log in; send nothing."""
    with _opened(data_dir) as connections:
        error = connections.test(COMMAND_LINE, connections.named(COMMAND_LINE, name).id)
    if error is not None:
        raise click.ClickException(error)
    click.echo("ok")


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, err=True))
    return sys.stdin.readline().rstrip("\n")


@contextlib.contextmanager
def _opened(data_dir: str | None) -> Iterator[BrokerConnections]:
    """Raises: ConfigError."""
    loaded = load_config(data_dir=data_dir)
    with contextlib.closing(hub_data.open_there(loaded)) as database:
        box = hub_data.box_of(loaded, database)
        opened = OpenConnections(database, box, loaded.outbound_ca_file)
        allow, ports = loaded.outbound_allow, loaded.outbound_ports
        outbound = Outbound(allow=allow, ports=ports, ca_file=loaded.outbound_ca_file)
        with contextlib.closing(outbound):
            yield BrokerConnections(database, box, opened, outbound.check_broker, allow, ports)
