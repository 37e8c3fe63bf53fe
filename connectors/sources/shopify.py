"""Shopify: the webhooks of one shop.

Owns its base64 signature, and what that does not prove: topic and shop stand in headers that are not signed,
and one secret may serve many shops. So a source names its shop, and may name its topics; what does not fit is
refused. The time in the headers is not signed either: the id alone keeps a replay out.
https://shopify.dev/docs/apps/build/webhooks/subscribe/https
"""

from collections.abc import Sequence
from dataclasses import replace

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, SecretFrom, Setting, Settings, named
from connectors.trial import Trial

SHOP = "x-shopify-shop-domain"
TOPIC = "x-shopify-topic"


class Shopify(HmacSource):
    key = "shopify"
    name = "Shopify"
    summary = "Orders, products, customers and the other topics of one shop."
    proof = (
        "A base64 HMAC-SHA256 of the raw body in `X-Shopify-Hmac-SHA256`. Shop and topic are not "
        "signed, and one secret may serve many shops: what names another shop or topic than the source "
        "does is refused. The id is `X-Shopify-Webhook-Id`."
    )
    example = ("`orders/create`", "shopify.orders.create")
    docs = "connect/shopify.md"
    vendor = "https://shopify.dev/docs/apps/build/webhooks"
    secret_from: SecretFrom = "sender"
    steps = (
        "At Shopify, open the shop's Settings, Notifications, Webhooks, Create webhook.",
        "Event: as you want it. Format: JSON",
        "URL: {url}",
        "Copy the key below the list (“Your webhooks will be signed with”), and give it to this source "
        "as its secret. "
        "For an app's own subscriptions that is the app's client secret.",
    )
    settings = (
        Setting("shop", "Shop", "Its own domain, such as example.myshopify.com.", is_required=True),
        Setting("topics", "Topics", "Such as orders/create, orders/paid; empty takes all."),
    )
    headers = ("x-shopify-hmac-sha256",)
    encoding = "base64"
    id_header = "x-shopify-webhook-id"

    def trial(self, settings: Settings, secret: str) -> Trial | None:
        found = super().trial(settings, secret)
        topic = settings.get("topics", "").partition(",")[0].strip() or "test"
        headers = ((SHOP, settings.get("shop", "")), (TOPIC, topic))
        return found and replace(found, headers=(*headers, *found.headers))

    def check(self, received: Received, secrets: Sequence[str], settings: Settings, now: float) -> str | None:
        reason = super().check(received, secrets, settings, now)
        if reason is not None:
            return reason
        if received.header(SHOP).lower() != settings["shop"].lower():
            return f"{SHOP} names another shop than this source"
        topics = [topic.strip() for topic in settings.get("topics", "").split(",") if topic.strip()]
        if topics and received.header(TOPIC) not in topics:
            return f"{TOPIC} is none of this source's topics"
        return None

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, received.header(TOPIC))
        return Arrived(kind, document.data, self.id(received, document))


SOURCE = Shopify()
