// Cron schedules: when they fire, and how they are managed.

import { expect, test } from "vitest";
import { manualClock } from "../../../infra/local/qstash/clock.ts";
import { call, day, hour, minute, setUp } from "./set-up.ts";

const noon = Date.UTC(2026, 5, 1, 12, 0, 30);

test("fires at each time of the cron expression, with the schedule's id on the message", async () => {
  const { qstash, client, endpoint, verify } = await setUp({ clock: manualClock(noon) });
  const { scheduleId } = await client.schedules.create({
    destination: `${endpoint.url}/tick`,
    cron: "*/5 * * * *",
    body: '{"a":1}',
  });
  expect(scheduleId).toMatch(/^scd_/);
  await qstash.clock.advance(4 * minute);
  expect(endpoint.deliveries).toHaveLength(0);
  await qstash.clock.advance(11 * minute);
  expect(endpoint.deliveries).toHaveLength(3);
  const ids = endpoint.deliveries.map(({ headers }) => headers["upstash-message-id"]);
  expect(new Set(ids).size).toBe(3);
  for (const delivery of endpoint.deliveries) {
    expect(delivery).toMatchObject({
      body: '{"a":1}',
      headers: { "upstash-schedule-id": scheduleId },
    });
    await verify(delivery, `${endpoint.url}/tick`);
  }
});

test.each([
  ["0 4 * * *", "2026-06-02T04:00:00Z"],
  ["CRON_TZ=America/New_York 0 4 * * *", "2026-06-02T08:00:00Z"],
  ["CRON_TZ=Asia/Tokyo 0 4 * * *", "2026-06-01T19:00:00Z"],
  ["30 12 * * MON", "2026-06-01T12:30:00Z"],
  ["0 0 1 JAN *", "2027-01-01T00:00:00Z"],
  ["0 0 13 * 5", "2026-06-05T00:00:00Z"],
])("computes the next time of %s", async (cron, next) => {
  const { client } = await setUp({ clock: manualClock(noon) });
  const { scheduleId } = await client.schedules.create({ destination: "https://a.test", cron });
  expect(await client.schedules.get(scheduleId)).toMatchObject({
    nextScheduleTime: Date.parse(next),
  });
});

test("keeps local time when the zone leaves daylight saving time", async () => {
  const { qstash, client, endpoint } = await setUp({ clock: manualClock(Date.UTC(2026, 9, 30)) });
  const times: string[] = [];
  endpoint.answer(() => {
    times.push(new Date(qstash.clock.now()).toISOString());
    return { status: 200 };
  });
  await client.schedules.create({
    destination: endpoint.url,
    cron: "CRON_TZ=America/New_York 0 4 * * *",
  });
  await qstash.clock.advance(3 * day);
  expect(times).toEqual([
    "2026-10-30T08:00:00.000Z",
    "2026-10-31T08:00:00.000Z",
    "2026-11-01T09:00:00.000Z",
  ]);
});

test("shows a schedule with its settings and the fate of its messages", async () => {
  const { qstash, client, endpoint } = await setUp({ clock: manualClock(noon) });
  endpoint.answer(({ path }) => ({ status: path === "/tick" ? 500 : 200 }));
  const { scheduleId } = await client.schedules.create({
    destination: `${endpoint.url}/tick`,
    cron: "0 * * * *",
    body: "x",
    method: "PUT",
    retries: 1,
    retryDelay: "1000",
    delay: 5,
    label: ["a"],
    failureCallback: `${endpoint.url}/failure`,
    flowControl: { key: "k", parallelism: 1 },
    headers: { "X-Custom": "kept" },
  });
  await qstash.clock.advance(hour);
  const schedule = await client.schedules.get(scheduleId);
  expect(schedule).toMatchObject({
    scheduleId,
    cron: "0 * * * *",
    createdAt: noon,
    destination: `${endpoint.url}/tick`,
    method: "PUT",
    header: { "X-Custom": ["kept"] },
    body: "x",
    retries: 1,
    retryDelayExpression: "1000",
    delay: 5,
    labels: ["a"],
    isPaused: false,
    flowControlKey: "k",
    lastScheduleTime: Date.UTC(2026, 5, 1, 13),
    nextScheduleTime: Date.UTC(2026, 5, 1, 14),
  });
  expect(Object.values(schedule.lastScheduleStates ?? {})).toEqual(["FAIL"]);
  expect(endpoint.deliveries.map(({ path, method }) => [path, method])).toEqual([
    ["/tick", "PUT"],
    ["/tick", "PUT"],
    ["/failure", "POST"],
  ]);
});

test("replaces the schedule with the same id", async () => {
  const { qstash, client, endpoint } = await setUp({ clock: manualClock(noon) });
  for (const path of ["/old", "/new"]) {
    await client.schedules.create({
      scheduleId: "watch.dog-1_a",
      destination: endpoint.url + path,
      cron: "* * * * *",
    });
  }
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries.map(({ path }) => path)).toEqual(["/new"]);
  expect(await client.schedules.list()).toMatchObject([{ scheduleId: "watch.dog-1_a" }]);
});

test("lets the times of a paused schedule pass, through PATCH and POST alike", async () => {
  const { qstash, client, endpoint } = await setUp({ clock: manualClock(noon) });
  const { scheduleId } = await client.schedules.create({
    destination: endpoint.url,
    cron: "* * * * *",
  });
  await client.schedules.pause({ schedule: scheduleId });
  await qstash.clock.advance(5 * minute);
  expect(endpoint.deliveries).toHaveLength(0);
  expect(await client.schedules.get(scheduleId)).toMatchObject({ isPaused: true });
  await client.schedules.resume({ schedule: scheduleId });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(1);
  await call(qstash, { method: "POST", path: `/v2/schedules/${scheduleId}/pause` });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(1);
  await call(qstash, { method: "POST", path: `/v2/schedules/${scheduleId}/resume` });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(2);
});

test("stops firing once deleted and answers 404 from then on", async () => {
  const { qstash, client, endpoint } = await setUp({ clock: manualClock(noon) });
  const { scheduleId } = await client.schedules.create({
    destination: endpoint.url,
    cron: "* * * * *",
  });
  await client.schedules.delete(scheduleId);
  await qstash.clock.advance(hour);
  expect(endpoint.deliveries).toHaveLength(0);
  await expect(client.schedules.get(scheduleId)).rejects.toMatchObject({ status: 404 });
});

test("schedules into a queue and to a URL group", async () => {
  const { qstash, client, endpoint } = await setUp({ clock: manualClock(noon) });
  await client.urlGroups.addEndpoints({
    name: "group",
    endpoints: [{ url: `${endpoint.url}/member` }],
  });
  await client.schedules.create({ destination: "group", cron: "* * * * *" });
  await client.schedules.create({
    destination: `${endpoint.url}/queued`,
    cron: "* * * * *",
    queueName: "line",
  });
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries.map(({ path }) => path).toSorted()).toEqual(["/member", "/queued"]);
  expect(await client.queue().list()).toMatchObject([{ name: "line" }]);
});

test("creates a schedule from a publish with Upstash-Cron", async () => {
  const { qstash, client, endpoint } = await setUp({ clock: manualClock(noon) });
  await client.publish({ url: endpoint.url, headers: { "Upstash-Cron": "* * * * *" } });
  expect(await client.schedules.list()).toHaveLength(1);
  await qstash.clock.advance(minute);
  expect(endpoint.deliveries).toHaveLength(1);
});

test.each([
  ["an id with other characters", { scheduleId: "a b" }, 400],
  ["six fields", { cron: "0 * * * * *" }, 400],
  ["a value out of range", { cron: "61 * * * *" }, 400],
  ["an unknown time zone", { cron: "CRON_TZ=Mars/Olympus * * * * *" }, 400],
  ["words", { cron: "every day" }, 400],
  ["the extensions of other crons", { cron: "0 0 L * *" }, 400],
  ["a group that does not exist", { destination: "nobody" }, 404],
])("refuses %s", async (_, change, status) => {
  const { client } = await setUp();
  const request = { destination: "https://a.test", cron: "* * * * *", ...change };
  await expect(client.schedules.create(request)).rejects.toMatchObject({ status });
});

test("refuses one schedule more than the plan with 412, but not the replacement of one", async () => {
  const { client } = await setUp();
  const create = (n: number) =>
    client.schedules.create({
      scheduleId: `s${n}`,
      destination: "https://a.test",
      cron: "* * * * *",
    });
  for (let n = 0; n < 10; n += 1) await create(n);
  await expect(create(10)).rejects.toMatchObject({ status: 412 });
  await create(3);
});
