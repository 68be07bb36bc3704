// Starting, running by itself, and stopping without leaving anything.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Client } from "@upstash/qstash";
import { expect, onTestFinished, test } from "vitest";
import { manualClock, realClock } from "../../../infra/local/qstash/clock.ts";
import { startQstash } from "../../../infra/local/qstash/start-qstash.ts";
import { startEndpoint } from "./endpoint.ts";
import { setUp } from "./set-up.ts";

test("delivers by itself on the real clock, a delayed message included", async () => {
  const { client, endpoint } = await setUp({ clock: realClock() });
  await client.publish({ url: endpoint.url, headers: { "Upstash-Delay": "20ms" } });
  await client.publish({ url: endpoint.url });
  await endpoint.arrived(2);
  expect(endpoint.deliveries).toHaveLength(2);
});

test("refuses a port that is taken with EADDRINUSE", async () => {
  const { qstash } = await setUp();
  await expect(startQstash({ port: qstash.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("takes the token and the keys it is given", async () => {
  const { qstash } = await setUp({
    token: "t",
    currentSigningKey: "sig_c",
    nextSigningKey: "sig_n",
  });
  expect(qstash.token).toBe("t");
  expect(qstash.signingKeys()).toEqual({ current: "sig_c", next: "sig_n" });
});

test("works as the SDK's dev server without any other setting", async () => {
  const { qstash, endpoint } = await setUp();
  process.env["QSTASH_DEV_PORT"] = String(qstash.port);
  onTestFinished(() => {
    delete process.env["QSTASH_DEV_PORT"];
  });
  await new Client({ devMode: true }).publish({ url: endpoint.url, body: "x" });
  await qstash.idle();
  expect(endpoint.deliveries).toHaveLength(1);
});

test("stops while a delivery is open and lets nothing happen afterwards", async () => {
  const endpoint = await startEndpoint();
  onTestFinished(() => endpoint.stop());
  endpoint.answer(() => new Promise(() => {}));
  const clock = manualClock();
  const qstash = await startQstash({ clock });
  const client = new Client({ baseUrl: qstash.url, token: qstash.token, retry: false });
  await client.schedules.create({ destination: endpoint.url, cron: "* * * * *" });
  await client.publish({ url: endpoint.url, delay: 60 });
  await client.publish({ url: endpoint.url });
  await endpoint.arrived(1);
  await qstash.stop();
  await qstash.stop();
  const before = structuredClone(qstash.stats);
  await clock.advance(3_600_000);
  expect(qstash.stats).toEqual(before);
  expect(qstash.stats).toMatchObject({ attempts: 1, delivered: 0, failed: 0 });
  await expect(fetch(qstash.url)).rejects.toThrow();
});

test("leaves no timer or socket that keeps a process alive", async () => {
  const script = `
    import { startQstash } from ${JSON.stringify(new URL("../../../infra/local/qstash/start-qstash.ts", import.meta.url).href)};
    const qstash = await startQstash();
    const headers = { authorization: "Bearer " + qstash.token, "upstash-delay": "1d", "upstash-cron": "" };
    await fetch(qstash.url + "/v2/publish/http://127.0.0.1:1/", { method: "POST", headers });
    await fetch(qstash.url + "/v2/publish/http://127.0.0.1:1/", { method: "POST", headers: { authorization: headers.authorization } });
    await fetch(qstash.url + "/v2/schedules/http://127.0.0.1:1/", { method: "POST", headers: { ...headers, "upstash-cron": "* * * * *" } });
    await qstash.stop();
    console.log("stopped", qstash.stats.published);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--input-type=module",
    "-e",
    script,
  ]);
  expect(stdout).toBe("stopped 2\n");
});
