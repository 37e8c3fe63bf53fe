"""Is it alive, is it ready: for load balancers and supervisors, without a token and without detail.

`/healthz` says that the process answers; `/readyz` that the database takes a change, as deliveries need it,
and that somebody sends. It answers within `ANSWER_S` whatever the database does, on no thread that calls wait
for. Nothing here counts or scans.
"""

import asyncio
from concurrent.futures import Future

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.errors import StoreUnavailable
from hub.operations import readiness
from hub.services import Services

ANSWER_S = 2.5


def routes(services: Services) -> list[Route]:
    ready = Readiness(services)

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        checks = await ready.checks()
        is_ready = all(state == "ok" for state in checks.values())
        return JSONResponse(
            {"status": "ok" if is_ready else "unavailable", "checks": checks},
            200 if is_ready else 503,
            {} if is_ready else {"Retry-After": "5"},
        )

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


class Readiness:
    """Asked on the event loop only. All who ask at one time wait for one change in the database: while it
    does not answer, they do not queue up behind it.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._trial: Future[int] | None = None

    async def checks(self) -> dict[str, str]:
        if self._trial is None or self._trial.done():
            dispatcher = self._services.dispatcher
            owner = dispatcher.owner if dispatcher else ""
            self._trial = readiness.tried(self._services.database, owner)
        others = await self._other_workers(asyncio.wrap_future(self._trial))
        if others is None:
            return {"database": "unavailable", "workers": "unknown"}
        dispatcher = self._services.dispatcher
        if dispatcher is None:
            return {"database": "ok", "workers": "ok" if others else "none"}
        return {
            "database": "ok",
            "workers": "ok" if others or dispatcher.is_turning() else "none",
            "network": "suspected" if dispatcher.network.is_suspected() else "ok",
        }

    async def _other_workers(self, trial: "asyncio.Future[int]") -> int | None:
        """None: the database does not take a change in time."""
        trial.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may end unseen
        await asyncio.wait({trial}, timeout=ANSWER_S)
        try:
            return trial.result() if trial.done() else None
        except StoreUnavailable:
            return None
