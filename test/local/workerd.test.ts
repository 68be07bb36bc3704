import { afterAll, beforeAll, expect, test } from "vitest";
import { buildWorker, type Bundle } from "../../infra/local/build.ts";
import { PortTaken } from "../../infra/local/ports.ts";
import { startWorkerd, type Workerd, type WorkerdOptions } from "../../infra/local/workerd.ts";
import { makeTinyWorker, type TinyWorker } from "./support/tiny-worker.ts";

let tiny: TinyWorker;
let bundle: Bundle;
const running: Workerd[] = [];

beforeAll(async () => {
  tiny = await makeTinyWorker();
  bundle = await buildWorker({ root: tiny.root });
});
afterAll(async () => {
  for (const workerd of running) await workerd.kill();
  await tiny.remove();
});

async function start(options: Partial<WorkerdOptions> = {}): Promise<Workerd> {
  const workerd = await startWorkerd({ bundle, port: 0, bindings: {}, ...options });
  running.push(workerd);
  return workerd;
}

test("gives the Worker its scripts, and its bindings character by character", async () => {
  const bindings = { QUOTED: 'a "b" \\ c', LINES: "one\ntwo\ttabbed\u0001", LETTERS: "é 漢 🙂" };
  const { url } = await start({ bindings });
  const reply = await fetch(url);
  expect(await reply.json()).toEqual({ lua: "return 1", env: bindings });
});

test("passes on each line that the Worker logs", async () => {
  const line = Promise.withResolvers<string>();
  const { url } = await start({ onLine: line.resolve });
  await fetch(`${url}/logged`);
  expect(JSON.parse(await line.promise)).toEqual({ path: "/logged" });
});

test("says that a port is taken", async () => {
  const { port } = await start();
  await expect(start({ port })).rejects.toThrow(PortTaken);
});

test("says what workerd complains about", async () => {
  const broken = { ...bundle, compatibilityDate: "yesterday" };
  await expect(start({ bundle: broken })).rejects.toThrow("yesterday");
});

test("frees its port when it is killed", async () => {
  const first = await start();
  await first.kill();
  const second = await start({ port: first.port });
  expect(second.port).toBe(first.port);
  expect((await fetch(second.url)).ok).toBe(true);
});
