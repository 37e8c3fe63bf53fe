"""`hookhub serve` and `worker`: real processes on a real SQLite file."""

import json
import resource
import signal
import socket
import stat
import subprocess
from pathlib import Path

import pytest
import requests

from hub.commands import serving as serve_command
from hub.demo.receiver import Receiver, standard_fault
from tests.rigs.commands import query, run
from tests.rigs.hubs import PROGRAM, children, environ, hookhub, serving
from tests.rigs.waiting import DEADLINE_S, until


def test_serve_prints_its_url_and_a_link_that_works_until_somebody_is_there(tmp_path: Path) -> None:
    with serving(tmp_path) as hub:
        link = until(lambda: hub.set_up_link)
        assert len(hub.lines) == 3
        assert hub.lines[1] == f"Made a new hub in {tmp_path / 'data'}"
        assert link is not None
        assert link.startswith(f"{hub.url}/setup?token=")
        assert requests.Session().get(f"{hub.url}/healthz", timeout=DEADLINE_S).status_code == 200
        assert hub.stop() == 0
    token = link.partition("token=")[2]
    assert token not in str(query(str(tmp_path / "data"), "SELECT * FROM setting"))
    with serving(tmp_path) as hub:
        assert until(lambda: hub.set_up_link) != link
        assert (
            requests.Session()
            .get(link.replace(link.partition("/setup")[0], hub.url), timeout=DEADLINE_S)
            .status_code
            == 403
        )
        assert hub.stop(signal.SIGINT) == 0
    where = {"HUB_DATA_DIR": str(tmp_path / "data")}
    run("user", "create", "anna", "--admin", **where)
    with serving(tmp_path) as hub:
        assert until(lambda: hub.set_up_link), "anna cannot sign in"
        assert hub.stop() == 0
    run("user", "set-password", "anna", "--password-stdin", stdin="correct horse battery\n", **where)
    with serving(tmp_path) as hub:
        assert hub.set_up_link is None
        assert len(hub.lines) == 1


def test_serve_makes_the_administrator_of_the_environment(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse battery\n")
    with serving(tmp_path, HUB_ADMIN_USERNAME="root", HUB_ADMIN_PASSWORD_FILE=str(password)) as hub:
        assert hub.set_up_link is None
        assert query(str(tmp_path / "data"), "SELECT name, is_admin FROM person") == [("root", 1)]
        assert "correct horse" not in hub.err.read_text() + hub.out.read_text()


@pytest.mark.parametrize(
    ("name", "password", "says"),
    [
        ("root", "short", "HUB_ADMIN_PASSWORD must have at least 10"),
        (" ", "correct horse", "HUB_ADMIN_USERNAME"),
    ],
)
def test_an_administrator_of_the_environment_that_cannot_be_is_one_line(
    made: str, monkeypatch: pytest.MonkeyPatch, name: str, password: str, says: str
) -> None:
    monkeypatch.setenv("HUB_ADMIN_USERNAME", name)
    monkeypatch.setenv("HUB_ADMIN_PASSWORD", password)
    code, out, err = run("serve", "--port", "0", "--data", made)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert says in err


@pytest.mark.parametrize(
    ("trusted", "address"), [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.9"), ("10.0.0.0/8", "127.0.0.1")]
)
def test_only_a_trusted_proxy_is_believed_about_who_calls(tmp_path: Path, trusted: str, address: str) -> None:
    with serving(tmp_path, HUB_TRUSTED_PROXIES=trusted) as hub:
        link = str(until(lambda: hub.set_up_link))
        form = {
            "token": link.partition("token=")[2],
            "name": "anna",
            "password": "correct horse",
            "repeated": "correct horse",
        }
        answer = requests.Session().post(
            f"{hub.url}/setup", data=form, headers={"X-Forwarded-For": "203.0.113.9"}, allow_redirects=False
        )
        assert answer.status_code == 303
        told = query(str(tmp_path / "data"), "SELECT action, actor, address FROM audit ORDER BY id")
        assert told == [("user.created", "anna", address), ("user.signed_in", "anna", address)]


def test_a_taken_port_is_one_line(tmp_path: Path, data: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = hookhub("serve", "--port", str(port), "--data", data)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


def test_the_log_of_a_hub_and_its_workers_is_json_when_asked_for(tmp_path: Path, postgresql_url: str) -> None:
    with serving(tmp_path, "--workers", "2", HUB_LOG_FORMAT="json", HUB_DATABASE_URL=postgresql_url) as hub:
        hub.workers(1)
        assert hub.stop() == 0
        lines = [json.loads(line) for line in hub.err.read_text().splitlines()]
    assert [line["message"] for line in lines if line["message"].startswith("worker ")] == [
        "worker started",
        "worker stopped",
    ]


def test_no_workers_means_that_nobody_delivers(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "0") as hub:
        answer = requests.Session().get(f"{hub.url}/readyz", timeout=DEADLINE_S)
        assert (answer.status_code, answer.json()["checks"]["workers"]) == (503, "none")
        assert children(hub.process.pid) == []


def test_hubs_that_only_answer_and_a_worker_share_a_database(tmp_path: Path, database_url: str) -> None:
    where = {
        "HUB_DATABASE_URL": database_url,
        "HUB_SECRET_KEY": "k" * 40,
        "HUB_OUTBOUND_ALLOW": "127.0.0.0/8",
    }
    data = {"HUB_DATA_DIR": str(tmp_path / "data")}
    receiver, session = Receiver(), requests.Session()
    receiver.start()
    with serving(tmp_path, "--workers", "0", **where) as hub:
        worker = subprocess.Popen([*PROGRAM, "worker"], env=environ(**where, **data), stderr=subprocess.PIPE)
        try:
            assert run("project", "create", "TRAVEL", **where, **data)[0] == 0
            scopes = [part for scope in ("publish", "subscribe") for part in ("--scope", scope)]
            token = run("token", "create", "--project", "TRAVEL", *scopes, **where, **data)[1].strip()
            session.headers["X-API-Key"] = token
            made = session.post(
                f"{hub.url}/api/v1/hooks",
                json={"target_url": receiver.url + "/in", "event": "*"},
                timeout=DEADLINE_S,
            )
            receipt = session.post(
                f"{hub.url}/api/v1/events",
                json={"type": "story.create", "data": {"id": 1}},
                timeout=DEADLINE_S,
            ).json()
            assert receiver.wait(lambda: receipt["id"] in receiver.accepted("/in"), DEADLINE_S)
            assert standard_fault(receiver.accepted("/in")[receipt["id"]], made.json()["secret"]) is None
            # A worker that had no time lately is not said to deliver.
            code, out, err = until(lambda: run("check", **where, **data), lambda ended: ended[0] == 0)
            assert (code, err) == (0, "")
            assert "workers: 1 deliver now" in out
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(DEADLINE_S) == 0
        finally:
            worker.kill()
            _, log = worker.communicate()
            session.close()
            receiver.stop()
    assert b"Traceback" not in log
    assert b"outcome=success" in log


def test_the_secret_key_and_data_are_the_owners_alone(tmp_path: Path) -> None:
    with serving(tmp_path):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_the_file_limit_is_raised_as_far_as_it_may() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
        serve_command.raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(hard, serve_command.OPEN_FILES_MAX)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
