"""A hub's data are made once, by whoever may make them, and opened with the key that belongs to them."""

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import config
from hub.config import Config
from hub.errors import ConfigError
from hub.operations import hub_data
from hub.operations.hub_data import NoHub
from hub.store import hooks, key_check, projects, settings
from hub.store.hooks import NewHook

KEY = "k" * 40


@pytest.fixture
def loaded(tmp_path: Path) -> Config:
    """On SQLite, with nothing there yet."""
    return config.load({"HUB_DATA_DIR": str(tmp_path / "data")})


@contextlib.contextmanager
def made(loaded: Config) -> Iterator[hub_data.HubData]:
    data = hub_data.open_or_make(loaded)
    with contextlib.closing(data.database):
        yield data


def test_a_hub_is_made_once_with_files_that_only_its_owner_reads(loaded: Config) -> None:
    with made(loaded) as data:
        assert data.is_new
        names = {path.name: stat.S_IMODE(path.stat().st_mode) for path in loaded.data_dir.iterdir()}
    assert names.keys() >= {"hub.db", "hub.db-wal", "hub.db-shm", "secret_key"}
    assert set(names.values()) == {0o600}
    assert stat.S_IMODE(loaded.data_dir.stat().st_mode) == 0o700
    key = (loaded.data_dir / "secret_key").read_text()
    with made(loaded) as data:
        assert not data.is_new
    assert (loaded.data_dir / "secret_key").read_text() == key


def test_files_that_a_restore_loosened_are_tightened(loaded: Config) -> None:
    with made(loaded):
        for path in loaded.data_dir.iterdir():
            path.chmod(0o644)
        with made(loaded):
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in loaded.data_dir.glob("hub.db*")}
    assert modes["hub.db"] == modes["hub.db-wal"] == modes["hub.db-shm"] == 0o600


def test_opening_makes_nothing(loaded: Config) -> None:
    with pytest.raises(NoHub, match=f"There is no hub in {loaded.data_dir}: .*hookhub serve"):
        hub_data.open_there(loaded)
    assert not loaded.data_dir.exists()
    loaded.data_dir.mkdir()
    (loaded.data_dir / "hub.db").touch()
    with pytest.raises(NoHub):
        hub_data.open_there(loaded)


def test_opening_makes_nothing_in_a_shared_database(tmp_path: Path, empty_postgresql_url: str) -> None:
    loaded = config.load({"HUB_DATA_DIR": str(tmp_path / "data"), "HUB_DATABASE_URL": empty_postgresql_url})
    with pytest.raises(NoHub, match="There is no hub in postgresql://"):
        hub_data.open_there(loaded)
    with made(loaded) as data:
        assert data.is_new
    hub_data.open_there(loaded).close()


def test_no_key_is_made_beside_what_another_key_sealed(loaded: Config) -> None:
    with made(loaded):
        pass
    (loaded.data_dir / "secret_key").unlink()
    for _ in range(2):
        with pytest.raises(ConfigError, match="secret key is missing"):
            hub_data.open_or_make(loaded)
        assert not (loaded.data_dir / "secret_key").exists()


@pytest.mark.parametrize("given", [True, False])
def test_a_key_that_does_not_fit_is_refused(loaded: Config, tmp_path: Path, given: bool) -> None:
    with made(loaded):
        pass
    if given:
        loaded = config.load({"HUB_DATA_DIR": str(loaded.data_dir), "HUB_SECRET_KEY": KEY})
    else:
        (loaded.data_dir / "secret_key").write_text(KEY)
    with pytest.raises(ConfigError, match="does not fit the database"):
        hub_data.open_or_make(loaded)


def test_a_database_without_a_check_value_is_tried_by_what_is_sealed_in_it(loaded: Config) -> None:
    with made(loaded) as data:

        def write() -> None:
            project = projects.add("DEMO", "", "open", 0)
            hooks.add(
                data.box,
                NewHook(project.id, "http://127.0.0.1:9/", ["*"], "standard", "api", "test", secret="x"),
                0,
            )
            settings.take_note(key_check.NOTE)

        data.database.write(write).result()
    with made(loaded) as data:
        assert data.database.read(key_check.needs_key)
    (loaded.data_dir / "secret_key").write_text(KEY)
    with pytest.raises(ConfigError, match="does not fit the database"):
        hub_data.open_or_make(loaded)


def test_machines_that_share_a_database_need_the_same_key(tmp_path: Path, empty_postgresql_url: str) -> None:
    first, second = (
        config.load({"HUB_DATA_DIR": str(tmp_path / name), "HUB_DATABASE_URL": empty_postgresql_url})
        for name in ("a", "b")
    )
    with made(first):
        pass
    with pytest.raises(ConfigError, match="secret key is missing"):
        hub_data.open_or_make(second)
    assert not (tmp_path / "b" / "secret_key").exists()


def test_a_given_key_and_a_shared_database_need_no_directory(
    tmp_path: Path, empty_postgresql_url: str
) -> None:
    environ = {
        "HUB_DATA_DIR": str(tmp_path / "data"),
        "HUB_DATABASE_URL": empty_postgresql_url,
        "HUB_SECRET_KEY": KEY,
    }
    with made(config.load(environ)):
        assert not (tmp_path / "data").exists()


def test_a_database_that_cannot_be_opened_is_told_with_what_to_do(tmp_path: Path) -> None:
    away = config.load(
        {
            "HUB_DATA_DIR": str(tmp_path),
            "HUB_SECRET_KEY": KEY,
            "HUB_DATABASE_URL": "postgresql://hub:correct-horse@127.0.0.1:1/hub",
        }
    )
    (tmp_path / "hub.db").write_bytes(b"this is no database" * 100)
    damaged = config.load({"HUB_DATA_DIR": str(tmp_path)})
    for loaded, name in ((away, "HUB_DATABASE_URL"), (damaged, "HUB_DATA_DIR")):
        for use in (hub_data.open_or_make, hub_data.open_there):
            with pytest.raises(ConfigError, match=f"cannot be opened .*{name}") as refused:
                use(loaded)
            assert "correct-horse" not in str(refused.value)
