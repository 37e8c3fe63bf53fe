"""`hookhub source`: beside a serving hub. Parses, calls `operations.sources`, prints.

Of a new source it prints the address, and below it the secret where the hub has made one. A secret that the
sender makes is given to the source on its page or with the API, so that no shell remembers it.
"""

import contextlib
from collections.abc import Iterator

import click

from connectors import registry
from hub.commands.listing import confirm, pages, show
from hub.commands.opening import COMMAND_LINE, Group, data_option, load_config
from hub.commands.projects import known_project
from hub.operations import hub_data
from hub.operations.open_connections import OpenConnections
from hub.operations.sources import Sources
from hub.store.database import Database
from hub.timestamps import iso


@click.group("source", cls=Group, no_args_is_help=False)
def source_group() -> None:
    """Addresses at which the webhooks of other services come in."""


@source_group.command("create")
@click.argument("kind", type=click.Choice(registry.source_keys()))
@click.option("--project", metavar="KEY", required=True, help="The project whose events it makes.")
@click.option("--name", default="", help="What it is shown as.")
@click.option("--prefix", help="What its event types begin with; the kind's own when left out.")
@click.option(
    "--setting",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="One of its kind's settings; give it again for more.",
)
@data_option
def create_source(
    kind: str, project: str, name: str, prefix: str | None, settings: tuple[str, ...], data_dir: str | None
) -> None:
    """Make a source and print its address, and its secret where one is made. It is shown this once."""
    wanted = {key: value for key, _, value in (setting.partition("=") for setting in settings)}
    with _opened(data_dir) as (sources, database):
        owner = known_project(database, project)
        made = sources.create(COMMAND_LINE, owner, kind, name=name, prefix=prefix, settings=wanted)
        click.echo(sources.url(made.source))
    if made.secret is not None:
        click.echo(made.secret)


@source_group.command("list")
@click.option("--project", metavar="KEY", required=True, help="The project whose events they make.")
@data_option
def list_sources(project: str, data_dir: str | None) -> None:
    """Sources, newest first; never a secret."""
    with _opened(data_dir) as (sources, database):
        owner = known_project(database, project)
        found = [*pages(lambda before: sources.list(COMMAND_LINE, owner, before), lambda one: one.id)]
    rows = [
        (
            one.id,
            one.kind,
            "" if one.is_on else "off",
            str(one.accepted),
            str(one.refused),
            iso(one.last_event_at) if one.last_event_at is not None else "",
            one.name,
        )
        for one in found
    ]
    show(("ID", "KIND", "STATE", "EVENTS", "REFUSED", "LAST RECEIVED", "NAME"), rows)


@source_group.command("delete")
@click.argument("source_id", metavar="ID")
@click.option("--project", metavar="KEY", required=True, help="The project whose events it makes.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask.")
@data_option
def delete_source(source_id: str, project: str, is_sure: bool, data_dir: str | None) -> None:
    """End a source: for 30 days its sender is answered that it is gone."""
    with _opened(data_dir) as (sources, database):
        owner = known_project(database, project)
        found = sources.get(COMMAND_LINE, owner, source_id)
        confirm(f"Delete the source {found.name or found.kind}? Its address takes nothing more.", is_sure)
        sources.delete(COMMAND_LINE, owner, source_id)
    click.echo(source_id)


@contextlib.contextmanager
def _opened(data_dir: str | None) -> Iterator[tuple[Sources, Database]]:
    """Raises: ConfigError."""
    loaded = load_config(data_dir=data_dir)
    with contextlib.closing(hub_data.open_there(loaded)) as database:
        box = hub_data.box_of(loaded, database)
        connections = OpenConnections(database, box).usable
        yield Sources(database, box, loaded.base_url, connections=connections), database
