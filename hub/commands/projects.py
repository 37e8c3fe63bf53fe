"""`hookhub project`: beside a serving hub or before the first. Parses, calls `operations.projects`,
prints.
"""

import click

from hub.commands.listing import confirm, pages, show
from hub.commands.opening import COMMAND_LINE, Group, data_option, opened, opened_or_made
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


@project_group.command("list")
@data_option
def list_projects(data_dir: str | None) -> None:
    """Projects, newest first."""
    with opened(data_dir) as database:
        projects = Projects(database)
        found = [*pages(lambda before: projects.list(COMMAND_LINE, before), lambda one: one.key)]
    rows = [(one.key, one.catalogue, "archived" if one.is_archived else "", one.name) for one in found]
    show(("KEY", "CATALOGUE", "STATE", "NAME"), rows)


@project_group.command("delete")
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def delete_project(key: str, yes: bool, data_dir: str | None) -> None:
    """End a project with its hooks, tokens and members, and forget its events and deliveries."""
    with opened(data_dir) as database:
        project = known_project(database, key)
        confirm(f"Delete {key} ({project.name}) with all its hooks, tokens, events and deliveries?", yes)
        Projects(database).delete(COMMAND_LINE, key)
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
