"""`hookhub version`."""

import click

from hub import __version__
from hub.commands.opening import data_option


@click.command("version")
@data_option
def version(data_dir: str | None) -> None:
    """Print the version."""
    click.echo(f"hookhub {__version__}")
