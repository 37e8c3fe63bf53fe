"""Messages about alerts of Prometheus' Alertmanager and of Grafana, whose payloads share one shape.

One message a group, as they send it (prometheus.io, "Webhook receiver"; grafana.com, "Webhook notifier").
"""

from typing import Any

from connectors.messages.message import Message, at, count, line, message, moment

SHOWN = 5
"""Alerts of a group that are named."""


def describe(code: str, data: dict[str, Any]) -> Message | None:
    """A message for a group of alerts; None for what is none."""
    alerts, status = data.get("alerts"), data.get("status")
    if not isinstance(alerts, list) or not isinstance(status, str) or "groupLabels" not in data:
        return None
    firing = sum(1 for alert in alerts if at(alert, "status") == "firing")
    name = at(data, "commonLabels", "alertname") or at(data, "groupLabels", "alertname") or data.get("title")
    is_firing = status == "firing"
    how_many = firing if is_firing else len(alerts)
    title = (
        f"{'Firing' if is_firing else 'Resolved'}: {line(name, 120) or 'alerts'} ({count(how_many, 'alert')})"
    )
    told = [_told(alert) for alert in alerts[:SHOWN]]
    more = [f"and {len(alerts) - SHOWN} more"] if len(alerts) > SHOWN else []
    url = at(alerts[0], "generatorURL") if alerts else None
    return message(
        title,
        url or data.get("externalURL"),
        [
            ("Severity", at(data, "commonLabels", "severity")),
            ("Summary", at(data, "commonAnnotations", "summary")),
            ("Description", at(data, "commonAnnotations", "description")),
            ("Since", moment(min(_starts(alerts), default="")) if is_firing else ""),
        ],
        "\n".join(line for line in told + more if line),
        "bad" if is_firing else "good",
    )


def _starts(alerts: list[Any]) -> list[str]:
    return [start for alert in alerts if isinstance(start := at(alert, "startsAt"), str) and start]


def _told(alert: Any) -> str:
    said = at(alert, "annotations", "summary") or at(alert, "annotations", "description")
    where = at(alert, "labels", "instance") or at(alert, "labels", "job")
    words = [line(where, 60), line(said or at(alert, "labels", "alertname"), 120)]
    told = ": ".join(word for word in words if word)
    return f"• {told}" if told else ""
