"""Hooks of every origin and credentials of every kind, through the API and by hand."""

from dataclasses import dataclass
from typing import Any

from hub.errors import Refusal
from hub.rules.access import Requester
from hub.rules.hook_fields import HookChange
from hub.store import projects
from hub.store.models import Hook
from hub.store.projects import Project
from hub.web.problems import problem_of
from tests.rigs.api import Client, LiveHub
from tests.rigs.receivers import Receiver

Json = dict[str, Any]
APPS = {"full": "icescrum", "switch": "zapier", "none": "power_automate"}
"""One connector for each edit rule."""
ORIGINS = ("page", "api", "manual", *APPS)
"""`manual` is an api hook whose maker has set `manual_edit`."""


@dataclass(frozen=True)
class Origins:
    """A project with one client for each actor, and a way to make a hook of each origin."""

    live: LiveHub
    project: str
    clients: dict[str, Client]
    makers: dict[str, Client]
    target_url: str

    def by_hand(self) -> tuple[Requester, Project]:
        """A manager on the pages."""
        row = projects.by_key(self.project)
        assert row is not None
        return (Requester("ann", frozenset({"manage"}), is_person=True), row)

    def make(self, origin: str, **fields: Any) -> str:
        wanted = {"target_url": self.target_url, "events": ["*"], **fields}
        if origin == "page":
            change = HookChange(**{**wanted, "events": tuple(wanted["events"])})
            return self.live.hub.services.subscriptions.create(*self.by_hand(), change).hook.id
        if origin == "manual":
            wanted["manual_edit"] = True
        answer = self.makers[origin].post("/hooks", json=wanted)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def client(self, actor: str, origin: str) -> Client:
        return self.makers[origin] if actor == "own" else self.clients[actor]

    def row(self, hook_id: str) -> Json:
        found = self.live.hub.database.read(lambda: Hook.get_by_id(hook_id))
        return dict(found.__data__)

    def delivery(self, hook_id: str) -> str:
        """A finished delivery of this hook."""
        sent = self.live.hub.services.pings.send(*self.by_hand(), hook_id)
        return sent.delivery_id


def origins_of(live: LiveHub, target: Receiver) -> Origins:
    key = live.project()
    row = projects.by_key(key)
    assert row is not None
    database = live.hub.database
    database.write(lambda: projects.switch_connector(int(row.id), "icescrum", True, "test", 0.0)).result()
    clients = {
        "manage": live.client("manage", "read", project=key),
        "other": live.client("subscribe", "read", project=key, app="n8n"),
        "subscribe": live.client("subscribe", project=key),
        "read": live.client("read", project=key),
    }
    makers = {"api": clients["subscribe"], "manual": clients["subscribe"]}
    makers |= {rule: live.client("subscribe", "read", project=key, app=app) for rule, app in APPS.items()}
    return Origins(live, key, clients, makers, target.url)


def by_hand(
    origins: Origins, action: str, hook_id: str, who: tuple[Requester, Project] | None = None
) -> tuple[int, Json]:
    """What the pages do, in the API's words."""
    subscriptions, by_hand = origins.live.hub.services.subscriptions, who or origins.by_hand()
    try:
        match action:
            case "view":
                subscriptions.get(*by_hand, hook_id)
            case "edit":
                subscriptions.update(*by_hand, hook_id, HookChange(name="Renamed"))
            case "switch":
                subscriptions.update(*by_hand, hook_id, HookChange(enabled=False))
            case "enable" | "disable":
                subscriptions.switch(*by_hand, hook_id, action == "enable")
            case "test":
                subscriptions.check(*by_hand, hook_id, "test")
            case "retry" | "replay":
                subscriptions.check(*by_hand, hook_id, "redeliver")
            case "delete":
                subscriptions.delete(*by_hand, hook_id)
            case "rotate":
                subscriptions.rotate_secret(*by_hand, hook_id, None, 0)
            case "take_over":
                subscriptions.take_over(*by_hand, hook_id)
    except Refusal as refused:
        problem = problem_of(refused)
        return problem.status, {"detail": problem.detail}
    return 200, {}
