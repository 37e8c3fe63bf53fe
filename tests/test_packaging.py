"""What is shipped is whole: a wheel and an editable install find every template, static file and migration,
and the wheel serves.

Builds from a copy, so that nothing is written into the source tree, and needs no network: the new
environments see this one's libraries through a path file, but take `hub` and `connectors` from what was
installed into them.
"""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.rigs.ports import free_port
from tests.rigs.waiting import DEADLINE_S, until

ROOT = Path(__file__).parent.parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith(("HUB_", "PYTHON"))}

GUIDES = {
    path.relative_to(ROOT / "docs").as_posix()
    for pattern in ("*.md", "connect/*.md")
    for path in (ROOT / "docs").glob(pattern)
}
"""Of all that stands in `docs`, which `hub/guides` is a link to."""

FILES_OF_HUB = """
import json
from importlib.resources import files
def walk(at, prefix=""):
    for entry in at.iterdir():
        name = prefix + entry.name
        yield from walk(entry, name + "/") if entry.is_dir() else [name]
print(json.dumps([name for name in walk(files("hub")) if "__pycache__" not in name]))
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=ENVIRON,
        text=True,
        capture_output=True,
        check=False,
        timeout=DEADLINE_S,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def shipped() -> set[str]:
    """Every file that a hub needs at run time, as paths inside `hub`."""
    return {
        path.relative_to(ROOT / "hub").as_posix()
        for folder in ("", "templates", "static")
        for path in (ROOT / "hub" / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {f"guides/{name}" for name in GUIDES}


def new_environment(folder: Path, *what: str | Path) -> Path:
    """A virtual environment with `what` installed from this disk; the folder of its programs."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    [site] = (folder / "lib").glob("python*/site-packages")
    (site / "libraries.pth").write_text(
        "".join(sorted({sysconfig.get_path(kind) + "\n" for kind in ("purelib", "platlib")}))
    )
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin" / "python")
    # --ignore-installed: an editable install of the hub in this environment must neither satisfy it nor be
    # removed.
    run(
        *pip,
        "install",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--ignore-installed",
        *what,
        cwd=folder.parent,
    )
    return folder / "bin"


def files_found(programs: Path) -> set[str]:
    """What `importlib.resources` finds in the installed `hub`, run from where the source is not."""
    return set(json.loads(run(programs / "python", "-c", FILES_OF_HUB, cwd=programs)))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the project is built from, links kept as links."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("hub", "connectors", "templates", "docs"):
        shutil.copytree(ROOT / name, copy / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE", "README.md"):
        shutil.copy(ROOT / name, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        source,
        cwd=folder,
    )
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment in which the wheel is installed."""
    return new_environment(tmp_path_factory.mktemp("wheel-env") / "env", wheel)


def test_the_source_has_templates_static_files_and_migrations() -> None:
    assert {name.split("/")[0] for name in shipped() if "/" in name} >= {"templates", "static"}
    assert [name for name in shipped() if re.fullmatch(r"store/migrations/\w*\d\w*\.py", name)] != []


def test_a_wheel_holds_every_file_of_the_hub_and_nothing_of_its_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {name.removeprefix("hub/") for name in names if name.startswith("hub/")} == shipped()
    assert {name.split("/")[0] for name in names} == {"hub", "connectors"}


def test_an_installed_wheel_finds_its_files(programs: Path) -> None:
    assert files_found(programs) == shipped()


def test_an_editable_install_finds_its_files(source: Path, tmp_path: Path) -> None:
    """Besides, whatever else stands in `docs`."""
    found = files_found(new_environment(tmp_path / "env", "--editable", source))
    others = {name for name in found - shipped() if name.startswith("guides/")}
    assert found - others == shipped()


def test_the_installed_command_says_its_version(programs: Path, tmp_path: Path) -> None:
    assert VERSION in run(programs / "hookhub", "version", cwd=tmp_path)


def test_the_locked_versions_name_no_registry() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert (
            re.findall(
                r"https?://\S+|--(?:extra-)?index-url|--find-links|--trusted-host| @ |(?<![\w.-])/\w+/\S+",
                text,
            )
            == []
        )


@contextmanager
def serving(programs: Path, folder: Path) -> Iterator[int]:
    """`hookhub serve` on a free port with its data in `folder`; the port, once it answers."""
    port = free_port()
    log = folder / "serve.log"
    with log.open("wb") as output:
        command = [str(programs / "hookhub"), "serve", "--port", str(port), "--data", str(folder / "data")]
        process = subprocess.Popen(command, cwd=folder, env=ENVIRON, stdout=output, stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or is_healthy(port))
        assert process.poll() is None, f"hookhub serve ended with {process.returncode}:\n{log.read_text()}"
        yield port
        process.terminate()
        process.wait(DEADLINE_S)
    finally:
        process.kill()
        process.wait()


def is_healthy(port: int) -> bool:
    try:
        return get(port, "/healthz")[0] == 200
    except ConnectionError:
        return False


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_an_installed_wheel_serves(programs: Path, tmp_path: Path) -> None:
    with serving(programs, tmp_path) as port:
        assert get(port, "/healthz")[0] == 200
        assert get(port, "/")[0] < 400
        assert get(port, "/docs")[0] == 200
        assert json.loads(get(port, "/api/v1/openapi.json")[1])["openapi"].startswith("3.1")
    assert (tmp_path / "data" / "hub.db").exists()


def test_what_a_locked_package_wants_with_an_extra_is_locked_with_it() -> None:
    """Without it pip 23 takes the newest there is, and refuses it for its hash as soon as that is a newer one."""
    locked = re.findall(r"^(\S+)==", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE)
    pinned = [Requirement(name) for name in locked]
    extras = {canonicalize_name(one.name): one.extras for one in pinned}
    wanted = 0
    for name in extras:
        with suppress(PackageNotFoundError):  # made for another system or Python
            for one in map(Requirement, distribution(name).requires or []):
                if one.extras and (one.marker is None or one.marker.evaluate({"extra": ""})):
                    wanted += 1
                    assert one.extras <= extras[canonicalize_name(one.name)], f"{name} wants {one}"
    assert wanted, "nothing was looked at"
