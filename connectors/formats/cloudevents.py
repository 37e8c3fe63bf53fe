"""The `cloudevents` format: structured CloudEvents 1.0, for receivers that speak it (Knative, Azure Event
Grid, n8n).

Owns the attributes: `source` is the project, `id` the event, so that source and id together are unique as the
specification asks. `data` is put in as bytes, never parsed. Structured and never binary: not every receiver
reads `ce-*` headers. Batched, as the specification writes it, only where the hook asks for it.
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

from connectors.base import Batch, Event, Format, enveloped


class CloudEventsFormat(Format):
    key = "cloudevents"
    name = "CloudEvents"
    summary = "CloudEvents 1.0, structured, for event routers such as Knative."
    docs = "delivery.md"
    steps = ("Have the address of the router or broker that takes CloudEvents by HTTP.",)
    content_type = "application/cloudevents+json"
    batch_content_type = "application/cloudevents-batch+json"

    def body(self, event: Event) -> bytes:
        attributes = {
            "specversion": "1.0",
            "id": event.id,
            "source": f"/projects/{event.project}",
            "type": event.type,
            "time": event.timestamp,
            "datacontenttype": "application/json",
        }
        return enveloped(attributes, event.data)

    def batch_body(self, batch: Batch) -> bytes:
        return b"[" + b",".join(map(self.body, batch.events)) + b"]"


FORMAT = CloudEventsFormat()
