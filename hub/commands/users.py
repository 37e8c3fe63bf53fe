"""`hookhub user`: beside a serving hub or before the first. Parses, calls `operations.users`, prints.

A password is never an argument, where other users of the machine could read it.
"""

import sys

import click

from hub.commands.listing import confirm, pages, show
from hub.commands.opening import COMMAND_LINE, Group, data_option, opened
from hub.commands.projects import known_project
from hub.operations.users import Users
from hub.rules.access import ROLES, Role
from hub.store.users import User


@click.group("user", cls=Group, no_args_is_help=False)
def user_group() -> None:
    """People who sign in."""


@user_group.command("create")
@click.argument("name")
@click.option("--admin", "is_admin", is_flag=True, help="May do everything, server-wide.")
@click.option("--project", metavar="KEY", help="Make the user a member of this project.")
@click.option("--role", type=click.Choice(ROLES), help="The role in that project.")
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
@data_option
def create_user(
    name: str,
    is_admin: bool,
    project: str | None,
    role: Role | None,
    password_stdin: bool,
    data_dir: str | None,
) -> None:
    """Make a user. On a terminal the password is asked for; without one the user cannot sign in yet."""
    password = _password(password_stdin)
    with opened(data_dir) as database:
        if project is not None:
            known_project(database, project)
        Users(database).create(
            COMMAND_LINE, name, password, is_admin=is_admin, project_key=project, role=role
        )
    click.echo(name)


@user_group.command("set-password")
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read it from the first line of standard input.")
@data_option
def set_password(name: str, password_stdin: bool, data_dir: str | None) -> None:
    """Give a user a new password; it ends their sessions. On a terminal it is asked for."""
    with opened(data_dir) as database:
        users = Users(database)
        users.get(COMMAND_LINE, name)  # before anybody types a password for nothing
        password = _password(password_stdin)
        if password is None:
            raise click.UsageError("no password was given: pipe one in with --password-stdin.")
        users.update(COMMAND_LINE, name, password=password)
    click.echo(name)


@user_group.command("list")
@data_option
def list_users(data_dir: str | None) -> None:
    """Users, newest first."""
    with opened(data_dir) as database:
        users = Users(database)
        found = [*pages(lambda before: users.list(COMMAND_LINE, before), lambda one: one.name)]
    rows = [(one.name, "yes" if one.is_admin else "", _state(one), _roles(one)) for one in found]
    show(("NAME", "ADMIN", "STATE", "ROLES"), rows)


@user_group.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def delete_user(name: str, yes: bool, data_dir: str | None) -> None:
    """Delete a user; what they made stays, and so does their name in the audit trail."""
    with opened(data_dir) as database:
        users = Users(database)
        users.get(COMMAND_LINE, name)
        confirm(f"Delete the user {name}?", yes)
        users.delete(COMMAND_LINE, name)
    click.echo(name)


def _state(user: User) -> str:
    if user.is_disabled:
        return "shut out"
    return "" if user.has_password else "no password"


def _roles(user: User) -> str:
    return ", ".join(f"{key} {role}" for key, role in sorted(user.roles.items()))


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
        return password

    if not stdin.isatty():
        return None
    password = click.prompt(
        "Password (empty: none yet)",
        default="",
        hide_input=True,
        confirmation_prompt=True,
        show_default=False,
        err=True,
    )
    return password or None
