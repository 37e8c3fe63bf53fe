"""`hookhub version`: the package's, without a hub."""

from hub import __version__
from tests.rigs.commands import run


def test_version_is_the_packages() -> None:
    assert run("version") == run("--version") == (0, f"hookhub {__version__}\n", "")
