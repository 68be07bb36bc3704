/** What a waiter hears of the messages of a channel. */
import { expect, test } from "vitest";
import { hangBell } from "../../src/operations/bell.ts";
import { useProjects } from "../support/project.ts";

const newProject = useProjects();

test("a message that comes after one gave up listening is heard by whoever listens next", async () => {
  const { store, redis } = newProject();
  const { channel } = store.events;
  const [bell, witness] = [await hangBell(store, channel), await hangBell(store, channel)];
  expect(await bell.heard(1)).toBe(false);
  await redis.call(["PUBLISH", channel, "new"]);
  expect(await witness.heard(5_000)).toBe(true);
  await store.events.edges({ listen_ms: 1 });
  expect(await bell.heard(5_000)).toBe(true);
  expect(await bell.heard(1)).toBe(false);
  bell.close();
  witness.close();
});

test("a bell rings when its stream ends, once it hears again", async () => {
  const { store, redis, upstash } = newProject();
  const { channel } = store.events;
  const bell = await hangBell(store, channel);
  upstash.streams.close();
  expect(await bell.heard(5_000)).toBe(true);
  await redis.call(["PUBLISH", channel, "new"]);
  expect(await bell.heard(5_000)).toBe(true);
  bell.close();
});
