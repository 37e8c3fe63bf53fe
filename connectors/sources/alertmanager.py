"""Alertmanager of Prometheus: a `webhook_config`.

It signs nothing: a name and a password, or a token, in its `http_config` prove it. One event is one
notification of a group, and the same group is told again at each `repeat_interval`: these are events of their
own.
https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from collections.abc import Sequence

from connectors.inbound import (
    NO_SECRET,
    Arrived,
    Document,
    Received,
    Setting,
    Settings,
    Source,
    is_one_of,
    named,
)
from connectors.sources.basic import check_basic
from connectors.trial import Trial


class Alertmanager(Source):
    key = "alertmanager"
    name = "Alertmanager"
    summary = "Alerts of Prometheus that begin to fire and that are over, one event for each group."
    proof = (
        "A token (`Authorization: Bearer`), or name and password (Basic): Alertmanager signs nothing "
        "and sends no id, so each notification is an event, those of `repeat_interval` too. Use https."
    )
    example = ("status `resolved`", "alertmanager.resolved")
    docs = "connect/alertmanager.md"
    vendor = "https://prometheus.io/docs/alerting/latest/configuration/#webhook_config"
    steps = (
        "In alertmanager.yml, add a receiver with webhook_configs, and its url: {url}",
        "In its http_config, under authorization, set credentials: {secret} "
        "(or under basic_auth the user name of this source, and this as the password).",
        "Set send_resolved: true, name the receiver in a route, and reload Alertmanager.",
    )
    settings = (Setting("username", "User name", "For basic_auth.", "hookhub", is_required=True),)

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        scheme, _, given = received.header("authorization").partition(" ")
        if scheme.lower() != "bearer":
            return check_basic(received, secrets, settings["username"])
        if not any(secrets):
            return NO_SECRET
        return None if is_one_of(given.strip(), secrets) else "the token is not this source's secret"

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        return Trial((("authorization", "Bearer {secret}"),), '{"test":true,"status":"test"}')

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        return Arrived(named(prefix, document.text("status")), document.data)


SOURCE = Alertmanager()
