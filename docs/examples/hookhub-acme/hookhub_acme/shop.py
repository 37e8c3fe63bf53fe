"""Acme Shop as a source: its orders come in, signed."""

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, Settings, named


class AcmeShop(HmacSource):
    key = "acme_shop"
    name = "Acme Shop"
    summary = "Orders and refunds of a shop."
    proof = "An HMAC-SHA256 of the raw body in `X-Acme-Signature`."
    example = ("topic `order/paid`", "acme_shop.order.paid")
    docs = ""
    steps = (
        "In Acme Shop, open Settings, Webhooks, New webhook.",
        "Address: {url}",
        "Signing secret: {secret}",
    )
    headers = ("x-acme-signature",)
    marker = "sha256="
    id_header = "x-acme-delivery"

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        return Arrived(named(prefix, document.text("topic")), document.data, self.id(received, document))


SOURCE = AcmeShop()
