"""Schemathesis against a running hub: whatever follows from the document, or breaks it, is answered as the
document says.

The same examples at each run. Half of the ids in paths are those of things that are there, so that calls get
past their 404.
"""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode, SerializationContext
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from hub.web.api.calls import PREFIX
from hub.web.docs import openapi
from hub.web.docs.publishing import NDJSON_TYPE
from hub.web.routes import CALLS
from tests.rigs.api import LiveHub
from tests.rigs.ports import free_port
from tests.rigs.receivers import Receiver
from tests.rigs.waiting import DEADLINE_S

DOCUMENT = json.loads(json.dumps(openapi.document(CALLS, "http://127.0.0.1")))
EXAMPLES = 10
"""Made up by chance, each time alike, beside some hundred a call that schemathesis takes from the limits of its fields."""
_generation = GenerationConfig(
    modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE],
    max_examples=EXAMPLES,
    deterministic=True,
    database="none",
)
schema = schemathesis.openapi.from_dict(
    DOCUMENT,
    config=SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(generation=_generation))),
)


OPERATIONS = [
    (method.upper(), path)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method in ("get", "post", "put", "patch", "delete")
]


@schemathesis.serializer(NDJSON_TYPE)
def serialize_lines(context: SerializationContext, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


class Stage:
    """A project with something of everything, made anew for each call under test."""

    def __init__(self, live: LiveHub, receiver: Receiver) -> None:
        self.live = live
        key = live.project()
        api = live.client("admin", project=key)
        self.token, self._project = str(api.token), {"project": key}
        hook = api.post("/hooks", json={"target_url": receiver.url, "event": "*"}).json()
        event = api.post("/events", json={"type": "story.create", "data": {"id": 1}}).json()
        receiver.wait_for(1)
        self._names = {
            "hooks": hook["id"],
            "events": event["id"],
            "deliveries": api.get("/deliveries").json()[0]["id"],
            "in": api.post("/sources", json={"kind": "github"}).json()["id"],
            "schedules": api.post("/schedules", json={"event_type": "a.b", "every_s": 3600}).json()["id"],
            "sources": api.post("/sources", json={"kind": "github"}).json()["id"],
            "tokens": api.post("/tokens", json={"scopes": ["read"], "project": key}).json()["id"],
            "projects": live.project(),
            "connectors": "zapier",
            "connections": api.post(
                "/connections",
                json={"name": key.lower(), "kind": "nats", "url": f"nats://127.0.0.1:{free_port()}"},
            ).json()["id"],
            "users": api.post("/users", json={"name": f"user of {key}"}).json()["name"],
        }
        self._turns = itertools.cycle([True, False])
        self.session = requests.Session()
        self.session.trust_env = False

    def params(self, case: Any) -> dict[str, str]:
        """The project that the token is used for, unless the case is about wrong parameters."""
        about = case.meta.components.get(ParameterLocation.QUERY)
        return self._project if about is None or about.mode is GenerationMode.POSITIVE else {}

    def name_something_real(self, case: Any) -> None:
        """In every other case, unless the case is about a wrong name."""
        about = case.meta.components.get(ParameterLocation.PATH)
        if (
            case.path_parameters
            and about is not None
            and about.mode is GenerationMode.POSITIVE
            and next(self._turns)
        ):
            real = self._names[case.path.removeprefix(PREFIX).split("/")[1]]
            case.path_parameters = dict.fromkeys(case.path_parameters, real)


@pytest.fixture
def stage(live: LiveHub) -> Iterator[Stage]:
    with Receiver() as receiver:
        stage = Stage(live, receiver)
        with stage.session:
            yield stage


FIELDS_BEYOND_A_SCHEMA = (
    "target_url",
    "handshake",
    "template",
    "settings",
    "filter",
    "event_id",
    "cron",
    "every_s",
    "time_zone",
    "email",
    "url",
    "ca",
    "projects",
    "password",
)
"""What may stand there depends on the network, on a language, or on another field."""
BEYOND_A_SCHEMA = (
    "differs from the event's id",
    "for a mailto: target",
    "in a header for this handshake",
    "such as standard",
    "without a point",
    "goes with a single event",
    "project and role go together",
    "nor hold control characters",
    "is in the past",
    "days ahead",
    "must lie in the years 1970 to 9999",
    "is no event type",
    "must not be before since",
    "there is no project",
    "there is no user",
    "is the hub's own",
    "is set by",
    "is there twice",
    "whsec_",
    "an app's token",
    "take manage",
    "on one line",
    "there is none",
    "line ",
    "is empty: write a row",
    "rows; 30 is the most",
    "`or` stands between rows",
)
"""Why something may be refused that the document allows: what a schema cannot say."""


COVERED_ELSEWHERE = [positive_data_acceptance, ignored_auth]
"""`check_accepted` knows what a schema cannot say; `test_tokens` calls everything without a token that is known."""


def check_accepted(case: Any, response: Any) -> None:
    """What follows from the document is taken, except for reasons that no schema can give: it knows neither
    lines of JSON nor which addresses a hook may have, nor what a receiver says to a handshake, nor what each
    kind of source asks for.
    """
    is_allowed = case.meta.generation.mode is GenerationMode.POSITIVE and case.media_type != NDJSON_TYPE
    if is_allowed and response.status_code in (400, 413, 415, 422):
        unsaid = [
            one
            for one in response.json()["errors"] or [response.json()]
            if str(one.get("field")).partition(".")[0] not in FIELDS_BEYOND_A_SCHEMA
            and not any(reason in one.get("message", "") for reason in BEYOND_A_SCHEMA)
        ]
        assert unsaid == [], f"the document allows {case.as_curl_command()}"


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def check_answer(case: Any, stage: Stage) -> None:
    stage.name_something_real(case)
    response = case.call_and_validate(
        base_url=stage.live.url,
        session=stage.session,
        headers={"Authorization": f"Bearer {stage.token}"},
        params=stage.params(case),
        excluded_checks=COVERED_ELSEWHERE,
        timeout=DEADLINE_S,
        allow_redirects=False,
    )
    check_accepted(case, response)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=str)
def test_every_answer_is_one_of_those_in_the_document(method: str, path: str, stage: Stage) -> None:
    """What `schema.parametrize` does of all calls before the first test, and in each process that collects tests:
    to make up their examples takes ten seconds.
    """
    operation = schema[path][method]
    check_all = build_operation_test(
        config=schema.config,
        operation=operation,
        test_func=check_answer,
        given_kwargs={},
        feedback=FeedbackSources(),
    )
    check_all(stage=stage)
