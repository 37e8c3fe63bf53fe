"""`hookhub token`: beside a serving hub or before the first. Parses, calls `operations.tokens`, prints.

Of a new token it prints the token and nothing else, so that a script can take it.
"""

import click

from hub.commands.listing import pages, show
from hub.commands.opening import COMMAND_LINE, Group, data_option, opened
from hub.commands.projects import known_project
from hub.operations.tokens import Tokens
from hub.rules.access import SCOPES, Scope
from hub.store.tokens import Token
from hub.timestamps import iso


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


@token_group.command("list")
@click.option("--project", metavar="KEY", help="Only those of this project.")
@data_option
def list_tokens(project: str | None, data_dir: str | None) -> None:
    """Tokens, newest first; never a token itself, but its last four characters."""
    with opened(data_dir) as database:
        tokens, now = Tokens(database), database.clock.now()
        owner = None if project is None else known_project(database, project)
        found = [*pages(lambda before: tokens.list(COMMAND_LINE, owner, before), lambda one: one.id)]
    rows = [
        (
            one.id,
            one.project_key or "",
            one.app or "",
            ",".join(one.scopes),
            f"…{one.ending}",
            _state(one, now),
            iso(one.last_used_at) if one.last_used_at is not None else "",
            one.name,
        )
        for one in found
    ]
    show(("ID", "PROJECT", "APP", "SCOPES", "ENDING", "STATE", "LAST USED", "NAME"), rows)


@token_group.command("revoke")
@click.argument("token_id", metavar="ID")
@data_option
def revoke_token(token_id: str, data_dir: str | None) -> None:
    """End a token at once; 'hookhub token list' shows its id."""
    with opened(data_dir) as database:
        Tokens(database).revoke(COMMAND_LINE, token_id)
    click.echo(token_id)


def _state(token: Token, now: float) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.is_over(now) else ""
