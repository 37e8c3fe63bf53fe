"""Publishing: events come in here, whichever door brought them.

Owns what every publisher is held to: the project takes events, the type is one it knows and none of the hub's
own. Cheap enough for the event loop, unless it `takes_time`. Step before: a door has read the events
(`rules.payload` for bodies). Step after: `engine.intake`.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from hub.engine.back_pressure import BackPressure
from hub.engine.intake import Intake, Receipt
from hub.errors import Invalid
from hub.rules import catalogue
from hub.rules.access import Requester, archived, require
from hub.rules.payload import Published, due_error
from hub.store.group_commit import Tell
from hub.store.projects import Project

ERRORS_MAX = 100
"""Wrong types that one refusal names."""


class Publishing:
    """Publishes events of any project, for one process."""

    def __init__(self, intake: Intake, back_pressure: BackPressure) -> None:
        self._intake = intake
        self._back_pressure = back_pressure

    @property
    def pause_s(self) -> float:
        """So much later a door answers what is committed: nothing, unless the hub is behind."""
        return self._back_pressure.pause_s

    def check(self, requester: Requester, project: Project) -> None:
        """Whether this requester may publish to this project at all: for doors, before they read a body.

        Raises:
            Forbidden: it may not, or the project is archived.
        """
        require(requester, "publish", project_id=project.id)
        if project.is_archived:
            raise archived(project.key)

    def takes_time(self, project: Project) -> bool:
        """Whether `publish` is too slow for the event loop, because filters are asked."""
        return self._intake.takes_time(project.id)

    def publish_by_hand(self, requester: Requester, project: Project, event: Published) -> Receipt:
        """One event that whoever manages the project publishes from a page, to try its hooks; waits for the
        commit.

        Raises:
            Forbidden: the role does not allow it, or the project is archived. Invalid: a type that this
                project does not take. Busy: no room for more.
        """
        require(requester, "manage", project_id=project.id)
        publisher = replace(requester, scopes=requester.scopes | {"publish"})
        [receipt] = self.publish(publisher, project, [event]).result()
        return receipt

    def publish(
        self,
        requester: Requester,
        project: Project,
        events: Sequence[Published],
        *,
        hops: int = 0,
        source_id: str | None = None,
    ) -> "Future[list[Receipt]]":
        """Write events durably, all or none; the future is done after the commit, with a receipt each, in
        order.

        `hops`: how many deliveries of a hub led here. `source_id`: the source that they came through.

        Raises:
            Forbidden: as `check` says. Invalid: a type that this project does not take. Busy: no room for
            more.
        """
        self.check(requester, project)
        self._check_types(project, events, is_many=False)
        return self._intake.accept(
            project.id,
            events,
            remembers_types=_remembers_types(project),
            hops=hops,
            source_id=source_id,
        )

    def publish_for(
        self,
        key: Any,
        tell: Tell,
        project: Project,
        events: Sequence[Published],
        *,
        is_many: bool = False,
        hops: int = 0,
    ) -> None:
        """The same for a door on the event loop that has asked `check`. It is woken once a commit: `tell`
        gets the key and the receipts of each publication in it (`store.group_commit`). `is_many`: they came
        as a list, so that what is wrong is named by its place, `[3].type`.
        """
        self._check_types(project, events, is_many=is_many)
        publication = self._intake.prepare(
            project.id, events, remembers_types=_remembers_types(project), hops=hops
        )
        self._intake.accept_for(publication, key, tell)

    def _check_types(self, project: Project, events: Sequence[Published], *, is_many: bool) -> None:
        wrong = []
        for n, event in enumerate(events):
            reason = catalogue.type_error(project.catalogue, event.type)
            if reason is not None:
                wrong.append((f"[{n}].type" if is_many else "type", reason))
            if event.deliver_at is not None and (reason := due_error(event, time.time())) is not None:
                wrong.append((f"[{n}].deliver_at" if is_many else "deliver_at", reason))
            if len(wrong) == ERRORS_MAX:
                break
        if wrong:
            raise Invalid(wrong)


def _remembers_types(project: Project) -> bool:
    return project.catalogue == catalogue.OPEN
