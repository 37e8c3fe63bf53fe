"""The calls without a token are there without one, and answer as the document says."""

import pytest

from hub.web.docs.open_calls import DOCUMENT_PATHS, HEALTH_PATHS
from tests.rigs.api import LiveHub
from tests.rigs.document import OPERATIONS, errors_of


@pytest.mark.parametrize("path", [*HEALTH_PATHS, *DOCUMENT_PATHS])
def test_a_call_without_a_token_answers_as_the_document_says(live: LiveHub, path: str) -> None:
    operation = OPERATIONS["GET", path]
    assert operation["security"] == []
    answer = live.client_with(None).get(live.url + path)
    shown = operation["responses"][str(answer.status_code)]
    [(kind, media)] = shown["content"].items()
    assert answer.headers["content-type"] == kind
    assert errors_of(media["schema"], answer.json()) == []
