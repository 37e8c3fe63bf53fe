"""Who makes a hub and who does not, and what is said when its data cannot be opened."""

import sqlite3
from pathlib import Path

import pytest
import requests

from tests.rigs.commands import run
from tests.rigs.hubs import serving
from tests.rigs.waiting import DEADLINE_S, until


@pytest.mark.parametrize(
    "command", [("settings", "get"), ("serve", "--port", "0"), ("worker",), ("project", "create", "NEW")]
)
def test_a_database_that_cannot_be_opened_is_one_line(
    command: tuple[str, ...], data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:correct-horse@127.0.0.1:1/hub")
    code, out, err = run(*command, "--data", data)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "HUB_DATABASE_URL" in err
    assert "correct-horse" not in err


@pytest.mark.parametrize(
    "command", [("settings", "get"), ("serve", "--port", "0"), ("worker",), ("config",), ("check",)]
)
def test_a_data_directory_that_cannot_be_made_is_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, out, err = run(*command, "--data", str(tmp_path / "file" / "data"))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "HUB_DATA_DIR" in err


@pytest.mark.parametrize("command", [("settings", "get"), ("serve", "--port", "0"), ("worker",)])
def test_a_file_that_is_no_database_is_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "hub.db").write_bytes(b"this is no database" * 100)
    code, out, err = run(*command, "--data", str(tmp_path))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "cannot be opened" in err


@pytest.mark.parametrize("command", [("settings", "get"), ("serve", "--port", "0"), ("worker",), ("check",)])
def test_a_database_of_a_newer_hub_is_refused(command: tuple[str, ...], made: str) -> None:
    connection = sqlite3.connect(Path(made) / "hub.db")
    with connection:
        connection.execute(
            "INSERT INTO schema_migration (name, applied) VALUES ('9999_future', '2030-01-01')"
        )
    connection.close()
    code, out, err = run(*command, "--data", made)
    assert code == 1
    assert "newer hookhub" in out + err
    assert err.count("\n") == (0 if command == ("check",) else 1)


@pytest.mark.parametrize(
    "command",
    [
        ("worker",),
        ("check",),
        ("settings", "get"),
        ("settings", "set", "failure_limit", "3"),
        ("user", "create", "bob"),
        ("token", "create", "--scope", "admin"),
    ],
)
def test_only_serve_and_project_create_make_a_hub(command: tuple[str, ...], data: str) -> None:
    code, out, err = run(*command, "--data", data)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"no hub in {data}" in err
    assert not Path(data).exists()


def test_config_and_version_need_no_hub(data: str) -> None:
    assert run("config", "--data", data)[0] == run("version")[0] == 0
    assert not Path(data).exists()


@pytest.mark.parametrize("key", ["k" * 40, None])
def test_serve_and_worker_refuse_a_key_that_does_not_fit(made: str, key: str | None) -> None:
    path = Path(made) / "secret_key"
    path.unlink()
    if key is not None:
        path.write_text(key)
    for command in (("serve", "--port", "0"), ("worker",)):
        code, out, err = run(*command, "--data", made)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "secret key" in err
    assert path.exists() == (key is not None)


def test_commands_run_beside_a_serving_hub(tmp_path: Path) -> None:
    where = {"HUB_DATA_DIR": str(tmp_path / "data")}
    with serving(tmp_path) as hub:
        assert run("project", "create", "TRAVEL", **where)[0] == 0
        token = run("token", "create", "--project", "TRAVEL", "--scope", "read", **where)[1].strip()
        assert run("settings", "set", "failure_limit", "3", **where)[0] == 0
        answer = requests.Session().get(
            f"{hub.url}/api/v1/me", headers={"X-API-Key": token}, timeout=DEADLINE_S
        )
        assert answer.json()["project"]["key"] == "TRAVEL"
        until(lambda: "1 deliver now" in run("check", **where)[1])
