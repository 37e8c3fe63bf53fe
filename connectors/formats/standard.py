"""The `standard` format: the event in the hub's own envelope, the default of the hub and of Zapier, n8n and
their kind.

Owns the shape `{"id","type","timestamp","project","data"}`. The envelope is put around `data` as bytes:
parsing and writing it again would change numbers (1.10 → 1.1), key order and escapes, and the published bytes
are sacred. Its signature, `webhook-signature`, is on every delivery whatever the format, and so not added
here.
"""

from connectors.base import Event, Format, hub_envelope


class StandardFormat(Format):
    """Standard Webhooks' advice (`type`, `timestamp`, `data`) with an `id`, which Zapier wants at the top
    level, and the project.
    """

    key = "standard"
    name = "Standard Webhooks"
    summary = "An envelope around the object: id, type, timestamp, project and data, signed."
    docs = "delivery.md"
    steps = (
        "Have a program that answers 2xx to a POST, and its address, with https.",
        (
            "Check each signature with the hook's secret; docs/verify-signatures.md has the code in "
            "Python, JavaScript, Go and shell."
        ),
    )

    def body(self, event: Event) -> bytes:
        return hub_envelope(event)


FORMAT = StandardFormat()
