// URL groups: one publish, one message for each endpoint.

import { expect, test } from "vitest";
import { setUp } from "./set-up.ts";

test("sends a message to each endpoint and retries each by itself", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer(({ path }) => ({ status: path === "/b" ? 500 : 200 }));
  await client.urlGroups.addEndpoints({
    name: "group",
    endpoints: [{ url: `${endpoint.url}/a`, name: "first" }, { url: `${endpoint.url}/b` }],
  });
  const published = await client.publishJSON({
    urlGroup: "group",
    body: 1,
    retries: 1,
    retryDelay: "0",
  });
  await qstash.idle();
  expect(published.map(({ url }) => url)).toEqual([`${endpoint.url}/a`, `${endpoint.url}/b`]);
  expect(endpoint.deliveries.map(({ path }) => path).toSorted()).toEqual(["/a", "/b", "/b"]);
  expect(endpoint.deliveries[0]?.headers["upstash-topic-name"]).toBe("group");
  const { messages } = await client.dlq.listMessages({ filter: { urlGroup: "group" } });
  expect(messages).toMatchObject([{ urlGroup: "group", url: `${endpoint.url}/b` }]);
});

test("names the group and the endpoint in callbacks", async () => {
  const { qstash, client, endpoint } = await setUp();
  await client.urlGroups.addEndpoints({
    name: "group",
    endpoints: [{ url: `${endpoint.url}/a`, name: "first" }],
  });
  await client.publish({ urlGroup: "group", callback: `${endpoint.url}/callback` });
  await qstash.idle();
  expect(JSON.parse(endpoint.deliveries[1]?.body ?? "")).toMatchObject({
    topicName: "group",
    endpointName: "first",
  });
});

test("adds, shows, replaces and removes endpoints, and ends with the last one", async () => {
  const { client } = await setUp();
  const { urlGroups } = client;
  await urlGroups.addEndpoints({ name: "g", endpoints: [{ name: "a", url: "https://a.test" }] });
  await urlGroups.addEndpoints({
    name: "g",
    endpoints: [{ name: "a", url: "https://a2.test" }, { url: "https://b.test" }],
  });
  expect(await urlGroups.get("g")).toMatchObject({
    name: "g",
    endpoints: [{ name: "a", url: "https://a2.test" }, { url: "https://b.test" }],
  });
  expect(await urlGroups.list()).toHaveLength(1);
  await urlGroups.removeEndpoints({ name: "g", endpoints: [{ name: "a" }] });
  expect(await urlGroups.get("g")).toMatchObject({ endpoints: [{ url: "https://b.test" }] });
  await urlGroups.removeEndpoints({ name: "g", endpoints: [{ url: "https://b.test" }] });
  await expect(urlGroups.get("g")).rejects.toMatchObject({ status: 404 });
});

test("refuses an endpoint that is no URL with 400 and a group over the plan with 412", async () => {
  const { client } = await setUp();
  const add = (name: string, url: string) =>
    client.urlGroups.addEndpoints({ name, endpoints: [{ url }] });
  await expect(add("g", "a.test")).rejects.toMatchObject({ status: 400 });
  await add("g", "https://a.test");
  await expect(add("h", "https://a.test")).rejects.toMatchObject({ status: 412 });
  await client.urlGroups.delete("g");
  await add("h", "https://a.test");
});
