"""Trello: a webhook that is made with its REST API.

Owns its signature over the body and the address, character for character as it was registered there: so the
hub's own public address must be right. Trello asks with HEAD whether the address is there before it makes the
webhook. Its key is the secret of the app, not one of the webhook.
https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
"""

from connectors.hmac_source import HmacSource
from connectors.inbound import Arrived, Document, Received, SecretFrom, Settings, named


class Trello(HmacSource):
    key = "trello"
    name = "Trello"
    summary = "What happens to a board, a list or a card."
    proof = (
        "A base64 HMAC-SHA1 of the body and the address in `X-Trello-Webhook`; its key is the secret of "
        "the app. The id is the action's. Trello asks with HEAD first whether the address is there, and "
        "is answered 200."
    )
    example = ("`updateCard`", "trello.updateCard")
    docs = "connect/trello.md"
    vendor = "https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/"
    secret_from: SecretFrom = "sender"
    answers_head = True
    steps = (
        "At trello.com/power-ups/admin, open your app, API key, and copy the Secret: give it to this source.",
        "Make the webhook: POST https://api.trello.com/1/webhooks/ with key, token, "
        "idModel (the id of the board) and "
        "callbackURL={url}",
        "The URL is part of the signature: when the hub's address changes, make the webhook anew.",
    )
    headers = ("x-trello-webhook",)
    algorithm = "sha1"
    encoding = "base64"
    trial_body = '{"test":true,"action":{"id":"{id}","type":"test"}}'
    trial_signed = "{body}{url}"

    def signed(self, received: Received) -> bytes:
        return received.body + received.url.encode()

    def read(
        self, received: Received, document: Document, settings: Settings, prefix: str, now: float
    ) -> Arrived | None:
        kind = named(prefix, document.text("action.type"))
        return Arrived(kind, document.data, document.text("action.id"))


SOURCE = Trello()
