"""The command line: the list of commands, and how each error is told.

Owns exit codes and the one line on stderr: 2 for a wrong usage, 1 for a failure, never a traceback for what
was foreseen. What a command does is in `hub.commands`: it parses, calls and prints.
"""

import logging
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from hub import __version__
from hub.errors import HubError

log = logging.getLogger("hub.cli")

COMMANDS = {
    "check": "check:check",
    "config": "check:show_config",
    "connection": "broker_connections:connection_group",
    "demo": "demo:demo",
    "project": "projects:project_group",
    "serve": "serving:serve",
    "settings": "settings:settings_group",
    "source": "sources:source_group",
    "token": "tokens:token_group",
    "user": "users:user_group",
    "version": "version:version",
    "worker": "serving:worker",
}
"""Name → module of `hub.commands` and the command in it."""


class Commands(click.Group):
    """Imports a command when it is asked for: the whole hub takes four times as long to import as what makes
    a project or a token.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"hub.commands.{module}"), name)
        return command


@click.group(
    "hookhub",
    cls=Commands,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.version_option(__version__, message="hookhub %(version)s")
def cli() -> None:
    """An automation hub: events in, signed deliveries out. The environment (HUB_*) is described in
    docs/configuration.md.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        code = cli.main(arguments, prog_name="hookhub", standalone_mode=False)
    except click.UsageError as error:
        return _tell(_usage(error), 2)
    except (click.Abort, KeyboardInterrupt):
        return _tell("Stopped.", 130)
    except click.ClickException as error:
        return _tell(error.format_message(), 1)
    except HubError as error:
        return _tell(str(error), 1)
    except BrokenPipeError:
        # Whoever read our output has gone; the interpreter's own flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        log.exception("fault of the hub")
        return _tell(f"This is a fault of the hub ({type(error).__name__}): please report the log above.", 1)
    return code if isinstance(code, int) else 0


def _usage(error: click.UsageError) -> str:
    asks = f" Try '{error.ctx.command_path} --help'." if error.ctx else ""
    message = error.format_message().rstrip()
    if not message.partition(" ")[0].endswith(":"):  # as the name of a setting does
        message = message[:1].upper() + message[1:]
    return f"{message}{'' if message.endswith(('.', '?', '!')) else '.'}{asks}"


def _tell(message: str, code: int) -> int:
    """Exactly one line, whatever the message holds."""
    click.echo(" ".join(message.split()), err=True)
    return code


if __name__ == "__main__":
    main()
