"""`hookhub project`: beside a serving hub or before the first. Parses, calls `operations.projects`, prints."""

import click

from hub.commands.opening import COMMAND_LINE, Group, data_option, opened_or_made
from hub.errors import HubError, NotFound
from hub.operations.projects import Projects
from hub.rules.catalogue import CATALOGUES, OPEN
from hub.rules.keys import is_project_key
from hub.store.database import Database
from hub.store.projects import Project


@click.group("project", cls=Group, no_args_is_help=False)
def project_group() -> None:
    """Workspaces, with their own events, hooks and members."""


@project_group.command("create")
@click.argument("key")
@click.option("--name", default="", help="What people see; the key when left out.")
@click.option(
    "--catalogue",
    type=click.Choice(CATALOGUES),
    default=OPEN,
    help="Which event types it knows.",
)
@data_option
def create_project(key: str, name: str, catalogue: str, data_dir: str | None) -> None:
    """Make a project, and a hub for it if there is none yet."""
    with opened_or_made(data_dir) as database:
        Projects(database).create(COMMAND_LINE, key, name, catalogue)
    click.echo(key)


def known_project(database: Database, key: str) -> Project:
    """Raises: HubError that says which there are, and how to make one."""
    projects = Projects(database)
    try:
        return projects.get(COMMAND_LINE, key)
    except NotFound:
        there = ", ".join(sorted(one.key for one in projects.list(COMMAND_LINE, limit=20)))
        make = f"make it with 'hookhub project create {key}'" if is_project_key(key) else "check the key"
        raise HubError(
            f"There is no project {key!r}{f' (there is: {there})' if there else ''}: {make}."
        ) from None
