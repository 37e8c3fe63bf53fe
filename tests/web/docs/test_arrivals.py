"""What the document says of sources' addresses is what they answer."""

import requests

from tests.rigs.api import Client
from tests.rigs.document import DOCUMENT, errors_of
from tests.rigs.waiting import DEADLINE_S

OPERATION = DOCUMENT["paths"]["/in/{id}"]["post"]


def test_a_source_answers_as_the_document_says(api: Client) -> None:
    url = api.post("/sources", json={"kind": "token", "secret": "s3cret"}).json()["url"]
    headers = {"Authorization": "Bearer s3cret"}
    taken = requests.post(url, data=b'{"type":"a.b"}', headers=headers, timeout=DEADLINE_S)
    refused = requests.post(url, data=b"{}", timeout=DEADLINE_S)
    wrong = requests.post(url, data=b"no JSON", headers=headers, timeout=DEADLINE_S)

    assert [taken.status_code, refused.status_code, wrong.status_code] == [200, 401, 422]
    assert {"200", "401", "422"} <= OPERATION["responses"].keys()
    schema = OPERATION["responses"]["200"]["content"]["application/json"]["schema"]
    assert errors_of(schema, taken.json()) == []


def test_no_token_is_asked_for() -> None:
    assert OPERATION["security"] == []
