"""`hookhub project`, `user` and `token`: make one, beside a serving hub or before the first.

Owns their options and what they print. It must never print more of a token than the token, nor take a
password from the command line, where other users of the machine could read it.
"""

import sys

import click

from connectors import registry
from hub.commands.opening import COMMAND_LINE, data_option, opened, write
from hub.errors import HubError
from hub.rules import catalogue
from hub.rules.access import APP_SCOPES, ROLES, SCOPES, Role, Scope
from hub.rules.keys import is_project_key
from hub.rules.people import name_error, password_error
from hub.store import audit, projects, tokens, users
from hub.store.projects import Project

LABEL_MAX = 200


@click.group("project", no_args_is_help=False)
def project_group() -> None:
    """Workspaces, with their own events, hooks and members."""


@project_group.command("create")
@click.argument("key")
@click.option("--name", default="", help="What people see; the key when left out.")
@click.option(
    "--catalogue",
    "kind",
    type=click.Choice(catalogue.CATALOGUES),
    default=catalogue.OPEN,
    help="Which event types it knows.",
)
@data_option
def create_project(key: str, name: str, kind: str, data_dir: str | None) -> None:
    """Make a project."""
    if not is_project_key(key):
        raise click.UsageError(
            f"{key!r} is no project key: use 2 to 10 upper-case letters and digits, beginning with a letter."
        )
    _check_label("project", name)
    with opened(data_dir) as database:

        def make() -> None:
            if projects.by_key(key):
                raise HubError(f"There is a project {key} already: choose another key.")
            now = database.clock.now()
            row = projects.add(key, name, kind, now)
            projects.switch_connector(row.id, "webhooks", True, COMMAND_LINE.name, now)
            audit.add(now, COMMAND_LINE, "project.created", key, row.id, {"catalogue": [None, kind]})

        write(database, make)
    click.echo(key)


@click.group("user", no_args_is_help=False)
def user_group() -> None:
    """People who sign in."""


@user_group.command("create")
@click.argument("name")
@click.option("--admin", "is_admin", is_flag=True, help="May do everything, server-wide.")
@click.option("--project", "project_key", metavar="KEY", help="Make the user a member of this project.")
@click.option("--role", type=click.Choice(ROLES), help="The role in that project.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
@data_option
def create_user(
    name: str,
    is_admin: bool,
    project_key: str | None,
    role: Role | None,
    password_stdin: bool,
    data_dir: str | None,
) -> None:
    """Make a user. On a terminal the password is asked for; without one the user cannot sign in yet."""
    if (project_key is None) != (role is None):
        raise click.UsageError("--project and --role go together: give both or neither.")
    if reason := name_error(name):
        raise click.UsageError(f"the user's name {reason}.")
    password = _password(password_stdin)
    password_hash = users.hashed(password) if password else None
    with opened(data_dir) as database:

        def make() -> None:
            if users.by_name(name):
                raise HubError(f"There is a user {name} already: choose another name.")
            now = database.clock.now()
            project = _project(project_key) if project_key else None
            row = users.add(name, password_hash, is_admin, now)
            audit.add(now, COMMAND_LINE, "user.created", name, fields={"admin": [None, is_admin]})
            if project is not None and role is not None:
                users.set_role(row, project, role)
                audit.add(now, COMMAND_LINE, "member.role_set", name, project.id, {"role": [None, role]})

        write(database, make)
    click.echo(name)


@click.group("token", no_args_is_help=False)
def token_group() -> None:
    """Credentials of programs."""


@token_group.command("create")
@click.option(
    "--project", "project_key", metavar="KEY", help="The project it is for; server-wide when left out."
)
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
    project_key: str | None, app: str | None, scopes: tuple[Scope, ...], name: str, data_dir: str | None
) -> None:
    """Make a token and print it, nothing else. It is shown this once."""
    if app is not None:
        _check_app(app, project_key, scopes)
    _check_label("token", name)
    with opened(data_dir) as database:

        def make() -> str:
            now = database.clock.now()
            project_id = _project(project_key).id if project_key else None
            row, text = tokens.add(
                name=name,
                scopes=scopes,
                project_id=project_id,
                app=app,
                created_by=COMMAND_LINE.name,
                now=now,
            )
            audit.add(
                now,
                COMMAND_LINE,
                "token.created",
                row.id,
                project_id,
                {"scopes": [None, sorted(set(scopes))], "app": [None, app]},
            )
            if app is not None and project_id is not None:
                projects.switch_connector(project_id, app, True, COMMAND_LINE.name, now)
            return text

        token = write(database, make)
    click.echo(token)


def _check_label(what: str, name: str) -> None:
    """An argument that is not UTF-8 comes in as lone surrogates, which no database takes."""
    if len(name) > LABEL_MAX or not name.isprintable():
        raise click.UsageError(
            f"the {what}'s name must be UTF-8 text of at most {LABEL_MAX} characters, without control characters."
        )


def _check_app(app: str, project_key: str | None, scopes: tuple[Scope, ...]) -> None:
    keys = registry.connector_keys()
    if app not in keys:
        raise click.UsageError(f"there is no app {app!r}: use one of {', '.join(keys)}.")
    if project_key is None:
        raise click.UsageError("an app's token belongs to one project: add --project KEY.")
    if wrong := [scope for scope in scopes if scope not in APP_SCOPES]:
        raise click.UsageError(
            f"an app's token cannot have the scope {wrong[0]}: only {', '.join(APP_SCOPES)}."
        )


def _project(key: str) -> Project:
    """Call it in a transaction. Raises: HubError when there is none."""
    found = projects.by_key(key)
    if found is None:
        there = ", ".join(sorted(row.key for row in projects.find(limit=20)))
        make = f"make it with 'hookhub project create {key}'" if is_project_key(key) else "check the key"
        raise HubError(f"There is no project {key!r}{f' (there is: {there})' if there else ''}: {make}.")
    return found


def _password(is_on_stdin: bool) -> str | None:
    stdin = sys.stdin
    if is_on_stdin:
        try:
            password = stdin.readline().rstrip("\r\n")
            password.encode()  # a POSIX locale reads what is not UTF-8 as lone surrogates
        except UnicodeError:
            raise click.UsageError("the password on standard input is not UTF-8.") from None
        if not password:
            raise click.UsageError(
                "--password-stdin was given, but standard input is empty: pipe the password in."
            )
    elif stdin.isatty():
        password = click.prompt(
            "Password (empty: none yet)",
            default="",
            hide_input=True,
            confirmation_prompt=True,
            show_default=False,
            err=True,
        )
    else:
        return None
    if password and (reason := password_error(password)):
        raise click.UsageError(f"the password {reason}.")
    return password or None
