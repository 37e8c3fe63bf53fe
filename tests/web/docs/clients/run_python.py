"""Subscribe, publish, list and delete with the client that was generated from the hub's own document.

Arguments: the hub's URL, a token, a target. Run by `test_clients`, in the folder of the package
`hookhub_client`.
"""

import sys

from hookhub_client.api.deliveries import get_hooks_id_deliveries
from hookhub_client.api.events import publish
from hookhub_client.api.hooks import delete_hooks_id, get_hooks, get_hooks_id, patch_hooks_id, post_hooks
from hookhub_client.client import AuthenticatedClient
from hookhub_client.models import (
    Deleted,
    HookUpdate,
    HookWithSecret,
    NewHook,
    Problem,
    PublishInput,
    PublishInputData,
    ReceiptAnswer,
    ReceiptsAnswer,
)

url, token, target = sys.argv[1:]

with AuthenticatedClient(base_url=url, token=token) as hub:
    hook = post_hooks.sync(client=hub, body=NewHook(target_url=target, events=["story.*"]))
    assert isinstance(hook, HookWithSecret), hook
    assert hook.state == "active"

    event = PublishInput(type_="story.create", data=PublishInputData.from_dict({"id": 23}))
    receipt = publish.sync(client=hub, body=event)
    assert isinstance(receipt, ReceiptAnswer), receipt
    receipts = publish.sync(client=hub, body=[event])
    assert isinstance(receipts, ReceiptsAnswer), receipts

    hooks = get_hooks.sync(client=hub, limit=10)
    assert isinstance(hooks, list), hooks
    assert [one.id for one in hooks] == [hook.id]
    deliveries = get_hooks_id_deliveries.sync(hook.id, client=hub)
    assert isinstance(deliveries, list), deliveries
    assert len(deliveries) == 2

    changed = patch_hooks_id.sync(hook.id, client=hub, body=HookUpdate(name="Stories"))
    assert isinstance(changed, HookWithSecret), changed
    assert (changed.name, changed.verify_ssl) == ("Stories", True)

    refused = post_hooks.sync(client=hub, body=NewHook(target_url="nowhere", events=["story.*"]))
    assert isinstance(refused, Problem), refused
    assert [error.field for error in refused.errors] == ["target_url"]

    deleted = delete_hooks_id.sync(hook.id, client=hub)
    assert isinstance(deleted, Deleted), deleted
    assert deleted.deleted is True
    gone = get_hooks_id.sync_detailed(hook.id, client=hub)
    assert gone.status_code == 404
