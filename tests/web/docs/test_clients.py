"""Clients that others' generators make of the document work: they subscribe, publish, list and delete on a
running hub.
"""

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from hub.web.docs import openapi
from hub.web.routes import CALLS
from tests.conftest import skip_or_fail
from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver

CLIENTS = Path(__file__).parent / "clients"
TIME_S = 300


@pytest.fixture
def document(live: LiveHub, tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(openapi.document(CALLS, live.url)))
    return file


@pytest.fixture
def given(live: LiveHub, receiver: Receiver) -> list[str]:
    """What a client is told: the hub's URL, a token, a target."""
    token = live.token("publish", "subscribe", "read", "manage", project=live.project())
    return [live.url, token, receiver.url]


def run(folder: Path, *command: str) -> str:
    """What it printed. A failure shows it."""
    done = subprocess.run(
        command,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIME_S,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command[:4])} failed:\n{done.stdout[-4000:]}"
    return done.stdout


def test_a_python_client_made_by_openapi_python_client_works(
    document: Path, given: list[str], tmp_path: Path
) -> None:
    if find_spec("openapi_python_client") is None:
        skip_or_fail("No openapi-python-client: 'make test' installs it.")
    settings = tmp_path / "settings.yaml"
    settings.write_text("post_hooks: []\n")
    package = tmp_path / "hookhub_client"
    said = run(
        tmp_path, sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none",
        "--config", str(settings), "--path", str(document), "--output-path", str(package),
    )  # fmt: skip
    # It knows no lines of JSON, and leaves that way to publish out.
    assert [line for line in said.splitlines() if line.startswith("WARNING")] == [
        "WARNING parsing POST /api/v1/events within events."
    ]
    run(
        tmp_path,
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{script('run_python.py')}",
        *given,
    )


def script(name: str) -> str:
    return (CLIENTS / name).read_text()


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the TypeScript client and what it needs, from its lock file."""
    if shutil.which("npm") is None:
        skip_or_fail("No npm: install Node.js 20 or later ('apt-get install nodejs npm').")
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(CLIENTS / "typescript", folder, dirs_exist_ok=True)
    run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    return folder


def test_a_typescript_client_made_by_openapi_typescript_works(
    document: Path, given: list[str], node_folder: Path
) -> None:
    """What was made of the document is checked as a source, unlike the declarations of libraries."""
    programs = node_folder / "node_modules" / ".bin"
    run(node_folder, str(programs / "openapi-typescript"), str(document), "--output", "schema.ts")
    run(node_folder, str(programs / "tsc"), "--project", ".")
    run(node_folder, "node", "client.js", *given)


def test_the_lock_file_names_what_is_installed_by_its_hash_and_no_place_to_get_it_from() -> None:
    packages = json.loads((CLIENTS / "typescript" / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name
