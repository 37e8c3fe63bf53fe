"""A project's members."""

from tests.rigs.api import Client


def test_members_are_listed_given_a_role_and_removed(admin: Client, project: str) -> None:
    admin.post("/users", json={"name": "mary"})
    path = f"/projects/{project}/members"
    assert admin.get(path).json() == []
    for role in ("product_owner", "team_member"):
        assert admin.put(f"{path}/mary", json={"role": role}).json() == {"name": "mary", "role": role}
    assert admin.get(path).json() == [{"name": "mary", "role": "team_member"}]
    assert admin.get("/users/mary").json()["roles"] == {project: "team_member"}
    assert admin.delete(f"{path}/mary").json() == {"name": "mary", "deleted": True}
    assert admin.delete(f"{path}/mary").status_code == 404
    assert admin.put(f"{path}/mary", json={"role": "king"}).status_code == 422
    assert admin.put(f"{path}/nobody", json={"role": "stakeholder"}).status_code == 404
    assert admin.get("/projects/NOSUCH/members").status_code == 404
