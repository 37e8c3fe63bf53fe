"""The apps' own requests, sent as their sources write them."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.rigs.api import Client, LiveHub
from tests.rigs.waiting import DEADLINE_S

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """Requests as somebody else's HTTP client writes them: these headers, these bytes, nothing added, nothing
    followed.
    """

    def __init__(
        self, live: LiveHub, token: str, headers: dict[str, str], auth: str = "Authorization"
    ) -> None:
        self._host = urlsplit(live.url).netloc
        self._headers = {
            "Host": self._host,
            **headers,
            auth: f"Bearer {token}" if auth == "Authorization" else token,
        }

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self._host, timeout=DEADLINE_S)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in {**self._headers, **headers}.items():
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            got = connection.getresponse()
            answer = Answer(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
        finally:
            connection.close()
        assert not 300 <= answer.status < 400, answer
        assert "json" in answer.headers["content-type"]
        return answer


def publish(manager: Client, code: str = "story.create", **data: Any) -> str:
    answer = manager.post("/events", json={"type": code, "data": data or {"id": 23, "name": "Hébergement"}})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def state_of(manager: Client, hook_id: str) -> str:
    return str(manager.get(f"/hooks/{hook_id}").json()["state"])
