"""The API holds its own document: it is valid, whole, and every example in it is what its schema says."""

import json

from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from hub.web import inbound
from hub.web.api.calls import PREFIX
from hub.web.docs import openapi
from hub.web.docs.open_calls import HEALTH_PATHS
from hub.web.routes import CALLS, application
from tests.rigs.api import LiveHub
from tests.rigs.document import DOCUMENT, OPERATIONS


def is_ours(path: str) -> bool:
    return path.startswith(PREFIX) or path in HEALTH_PATHS


def test_the_document_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_every_route_is_in_the_document_and_nothing_else(live: LiveHub) -> None:
    routed = {
        (method, route.path)
        for route in application(live.hub.services, lambda app: None).routes
        if isinstance(route, Route) and is_ours(route.path)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert routed | {("POST", inbound.PATH)} == set(OPERATIONS)


def test_it_serves_the_document_to_everybody_and_never_redirects(live: LiveHub) -> None:
    nobody = live.client_with(None)
    for path in ("/openapi.json", "/openapi.json/", "/swagger.json"):
        answer = nobody.get(path, headers={"If-None-Match": "*"})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
    assert nobody.get("/openapi.json").json() == json.loads(json.dumps(openapi.document(CALLS, live.url)))
    assert nobody.get("/openapi.json").json()["servers"] == [{"url": live.url}]
