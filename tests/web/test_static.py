"""Vendored files are what they were released as, with their licence beside them."""

import base64
import hashlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub.app import Hub, web
from hub.config import load


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(load({"HUB_DATA_DIR": str(tmp_path), "HUB_BASE_URL": "http://testserver"}), sends=False)


@pytest.fixture
def client(hub: Hub) -> Iterator[TestClient]:
    with TestClient(web(hub), base_url="http://testserver", raise_server_exceptions=True) as client:
        yield client


VENDOR = Path(__file__).parents[2] / "hub" / "static" / "vendor"
FILES = tomllib.loads((VENDOR / "vendor.toml").read_text())["file"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["path"])
def test_a_vendored_file_has_the_hash_that_is_written_down(file: dict[str, str]) -> None:
    digest = hashlib.sha384((VENDOR / file["path"]).read_bytes()).digest()
    assert base64.b64encode(digest).decode() == file["sha384"]
    assert file["path"].startswith(f"{file['name']}-{file['version']}/")
    assert file["licence"]
    assert len((VENDOR / file["licence_file"]).read_text()) > 500


def test_no_vendored_file_is_missing_from_the_list() -> None:
    listed = {file["path"] for file in FILES}
    found = {
        path.relative_to(VENDOR).as_posix()
        for path in VENDOR.rglob("*")
        if path.suffix in (".css", ".js", ".svg", ".woff2")
    }
    assert found == listed


def test_no_vendored_file_loads_a_map() -> None:
    for file in FILES:
        assert b"sourceMappingURL=" not in (VENDOR / file["path"]).read_bytes()


def test_a_vendored_file_is_kept_and_our_own_is_asked_for_again(client: TestClient) -> None:
    vendored = client.get("/static/vendor/htmx-4.0.1/htmx.min.js")
    assert (vendored.status_code, vendored.headers["cache-control"]) == (
        200,
        "public, max-age=31536000, immutable",
    )
    own = client.get("/static/hub.css")
    assert (own.status_code, own.headers["cache-control"]) == (200, "no-cache")
    assert client.get("/static/hub.css", headers={"If-None-Match": own.headers["etag"]}).status_code == 304
    assert client.get("/static/%2e%2e/config.py").status_code == 404
