"""Who asks, for tests of operations: one of each kind."""

from hub.rules.access import Requester, person
from hub.store.projects import Project

ADMIN = Requester("root", frozenset({"admin"}), is_person=True, address="192.0.2.1")
NOBODY = Requester("token", frozenset({"publish", "subscribe", "read"}), token_id="tok_x")


def manager(project: Project) -> Requester:
    return person("maria", "scrum_master", is_admin=False, project_id=project.id)


def member(project: Project) -> Requester:
    return person("tom", "team_member", is_admin=False, project_id=project.id)


def managing_token(project: Project) -> Requester:
    return Requester("token m", frozenset({"manage"}), token_id="tok_m", project_id=project.id)
