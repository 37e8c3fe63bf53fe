"""A package beside the hub: the example of docs/connectors.md, really installed, is used like what is ours; and
one that is broken hurts nobody.
"""

import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from connectors import registry
from hub.commands.check import packages
from tests.rigs.api import LiveHub
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLE = DOCS / "examples" / "hookhub-acme"
BROKEN = """Metadata-Version: 2.1
Name: hookhub-broken
Version: 0.1
"""
BROKEN_POINTS = """[hookhub.formats]
broken = broken_acme:FORMAT
[hookhub.connectors]
broken = broken_acme:CONNECTOR
[hookhub.sources]
broken = broken_acme:SOURCE
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The example, and beside it a package whose module raises as it loads."""
    source = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "acme")
    site = tmp_path_factory.mktemp("site")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet")
    subprocess.run(
        [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)], check=True
    )
    metadata = site / "hookhub_broken-0.1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(BROKEN)
    (metadata / "entry_points.txt").write_text(BROKEN_POINTS)
    (site / "broken_acme.py").write_text("raise RuntimeError('no licence')\n")

    sys.path.insert(0, str(site))
    registry.forget_loaded()
    yield
    sys.path.remove(str(site))
    for name in [name for name in sys.modules if name.startswith("hookhub_acme")]:
        del sys.modules[name]
    registry.forget_loaded()


@pytest.mark.usefixtures("installed")
def test_the_example_is_in_the_gallery_and_among_the_connectors(live: LiveHub, project: str) -> None:
    shown = live.browser("mia", project=project, role="scrum_master").get(f"/projects/{project}/apps").text
    for card in ("app-acme_flows", "source-acme_shop", "target-acme_chat"):
        assert f'id="{card}"' in shown
    assert "Choose an event of <code>" + project in shown
    assert "broken of hookhub-broken 0.1" in shown
    found = {one["key"]: one for one in live.client(project=project).get("/connectors").json()}
    assert found["acme_flows"]["name"] == "Acme Flows"
    assert "broken" not in found
    assert requests.get(f"{live.url}/api/v1/openapi.json", timeout=DEADLINE_S).status_code == 200


@pytest.mark.usefixtures("installed")
def test_a_hook_speaks_its_format(live: LiveHub, project: str, receiver: Receiver) -> None:
    client = live.client(project=project)
    wanted = {"target_url": receiver.url, "events": ["*"], "format": "acme_chat", "settings": {"thread": "7"}}
    hook = client.post("/hooks", json=wanted).json()
    client.post(f"/hooks/{hook['id']}/ping")

    sent = json.loads(receiver.requests[0].body)
    assert (sent["text"].startswith("*Test from hookhub"), sent["thread"]) == (True, "7")
    refused = client.post("/hooks", json=wanted | {"format": "broken"})
    assert refused.status_code == 422
    assert "acme_chat" in refused.text


@pytest.mark.usefixtures("installed")
def test_its_source_takes_in_what_is_signed(live: LiveHub, project: str) -> None:
    client = live.client(project=project)
    source = client.post("/sources", json={"kind": "acme_shop"}).json()
    body = b'{"topic": "order/paid", "id": 7}'
    signature = hmac.new(source["secret"].encode(), body, hashlib.sha256).hexdigest()
    to = f"{live.url}/in/{source['id']}"
    taken = requests.post(to, body, headers={"X-Acme-Signature": f"sha256={signature}"}, timeout=DEADLINE_S)

    assert (taken.status_code, taken.json()["type"]) == (200, "acme_shop.order.paid")
    assert (
        requests.post(to, body, headers={"X-Acme-Signature": "sha256=00"}, timeout=DEADLINE_S).status_code
        == 401
    )


@pytest.mark.usefixtures("installed")
def test_what_is_broken_is_named() -> None:
    told = [finding.text for finding in packages()]
    assert len(told) == 3
    assert told[0].startswith(
        "packages: hookhub-broken 0.1 breaks broken of hookhub.formats: RuntimeError: no licence"
    )


def test_the_page_shows_the_package_as_it_is() -> None:
    page = (DOCS / "connectors.md").read_text()
    for name in ("pyproject.toml", "hookhub_acme/chat.py", "hookhub_acme/flows.py", "hookhub_acme/shop.py"):
        assert f"\n{(EXAMPLE / name).read_text()}```\n" in page, name
    assert set(tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]) == {
        registry.FORMAT_GROUP,
        registry.CONNECTOR_GROUP,
        registry.SOURCE_GROUP,
    }
