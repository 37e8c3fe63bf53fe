// Subscribe, publish, list and delete, with types made from the hub's own document. Arguments: the hub's URL, a token, a target.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const [baseUrl = "", token = "", target = ""] = process.argv.slice(2);
const hub = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

const subscribed = await hub.POST("/api/v1/hooks", { body: { target_url: target, events: ["story.*"] } });
assert.equal(subscribed.response.status, 201);
const hook = subscribed.data!;
assert.equal(hook.state, "active");

const published = await hub.POST("/api/v1/events", { body: { type: "story.create", data: { id: 23 } } });
assert.equal(published.response.status, 202);
const several = await hub.POST("/api/v1/events", { body: [{ type: "story.create", data: {} }] });
assert.equal(several.response.status, 202);

const listed = await hub.GET("/api/v1/hooks", { params: { query: { limit: 10 } } });
assert.deepEqual(listed.data?.map((one) => one.id), [hook.id]);
const deliveries = await hub.GET("/api/v1/hooks/{id}/deliveries", { params: { path: { id: hook.id } } });
assert.equal(deliveries.data?.length, 2);

const changed = await hub.PATCH("/api/v1/hooks/{id}", {
  params: { path: { id: hook.id } },
  body: { name: "Stories" },
});
assert.equal(changed.data?.name, "Stories");
assert.equal(changed.data?.verify_ssl, true);

const refused = await hub.POST("/api/v1/hooks", { body: { target_url: "nowhere", events: ["story.*"] } });
assert.equal(refused.error?.errors[0]?.field, "target_url");

const deleted = await hub.DELETE("/api/v1/hooks/{id}", { params: { path: { id: hook.id } } });
assert.equal(deleted.data?.deleted, true);
const again = await hub.GET("/api/v1/hooks/{id}", { params: { path: { id: hook.id } } });
assert.equal(again.response.status, 404);
