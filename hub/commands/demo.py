"""`hookhub demo`: what this does, shown in seconds.

Owns the command's option and its ending; the story is `hub.demo.story`'s.
"""

import signal
from types import FrameType

import click

from hub.demo import story


@click.command("demo")
@click.option(
    "--exit", "exits", is_flag=True, help="End when everything was shown; exit 0 only if all of it happened."
)
def demo(exits: bool) -> None:
    """Real events through a real hub, on a throw-away database."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # As Ctrl-C, so that the hub is stopped and its data are removed.
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    has_shown = False

    def say(line: str) -> None:
        nonlocal has_shown
        has_shown = has_shown or line.startswith("The hub stays up")
        click.echo(line)

    try:
        story.run(say, stays=not exits)
    except KeyboardInterrupt:
        if not has_shown:
            raise
