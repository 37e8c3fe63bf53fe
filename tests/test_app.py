"""A hub as it is put together: what a start makes run, and that a stop leaves nothing of it."""

import threading
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub import config
from hub.app import Hub, web
from tests.rigs.waiting import until


def hub(folder: Path, *, sends: bool) -> Hub:
    return Hub(config.load({"HUB_DATA_DIR": str(folder), "HUB_BASE_URL": "http://testserver"}), sends=sends)


@pytest.mark.parametrize("sends", [True, False])
def test_it_starts_with_its_web_side_and_leaves_no_thread_when_it_stops(tmp_path: Path, sends: bool) -> None:
    before = set(threading.enumerate())
    made = hub(tmp_path, sends=sends)
    assert (made.services.dispatcher is not None) is sends
    with TestClient(web(made), base_url="http://testserver") as client:
        assert client.get("/healthz").status_code == 200
        until(lambda: client.get("/readyz").status_code, lambda status: status == (200 if sends else 503))
    left = {thread for thread in set(threading.enumerate()) - before if not thread.daemon}
    assert {thread.name for thread in left if "AnyIO" not in thread.name} == set()


def test_only_the_first_one_on_its_data_is_new(tmp_path: Path) -> None:
    for is_new in (True, False):
        made = hub(tmp_path, sends=False)
        assert made.is_new is is_new
        made.stop()
