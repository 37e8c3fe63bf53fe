"""`hookhub token`: beside a serving hub or before the first. Parses, calls `operations.tokens`, prints.

Of a new token it prints the token and nothing else, so that a script can take it.
"""

import click

from hub.commands.opening import COMMAND_LINE, Group, data_option, opened
from hub.commands.projects import known_project
from hub.operations.tokens import Tokens
from hub.rules.access import SCOPES, Scope


@click.group("token", cls=Group, no_args_is_help=False)
def token_group() -> None:
    """Credentials of programs."""


@token_group.command("create")
@click.option("--project", metavar="KEY", help="The project it is for; server-wide when left out.")
@click.option("--app", metavar="KEY", help="The connector it is for: its hooks then belong to that app.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; give it again for more.",
)
@click.option("--name", default="", help="What it is shown as.")
@data_option
def create_token(
    project: str | None, app: str | None, scopes: tuple[Scope, ...], name: str, data_dir: str | None
) -> None:
    """Make a token and print it, nothing else. It is shown this once."""
    with opened(data_dir) as database:
        owner = None if project is None else known_project(database, project)
        made = Tokens(database).create(COMMAND_LINE, owner, scopes=scopes, app=app, name=name)
    click.echo(made.text)
