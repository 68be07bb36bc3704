import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { onFreePort, PortTaken } from "../../infra/local/ports.ts";

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    await new Promise((resolve) => server.close(resolve));
  }
});

function listen(port: number): Promise<number> {
  const server = createServer();
  servers.push(server);
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
}

test("goes on to the next port when one is taken", async () => {
  const taken = await listen(0);
  expect(await onFreePort(taken, listen)).toBeGreaterThan(taken);
});

test("gives up at once on any other failure", async () => {
  const tried: number[] = [];
  const broken = (port: number): Promise<never> => {
    tried.push(port);
    return Promise.reject(new Error("broken"));
  };
  await expect(onFreePort(4000, broken)).rejects.toThrow("broken");
  expect(tried).toEqual([4000]);
});

test("stops looking after a while, and at the last port there is", async () => {
  let tries = 0;
  const taken = (port: number): Promise<never> => {
    tries++;
    return Promise.reject(new PortTaken(port));
  };
  await expect(onFreePort(20_000, taken)).rejects.toThrow(PortTaken);
  expect(tries).toBeGreaterThan(1);
  await expect(onFreePort(65_535, taken)).rejects.toThrow("65535");
});

test("asks the system once when any port will do", async () => {
  let tries = 0;
  const taken = (port: number): Promise<never> => {
    tries++;
    return Promise.reject(new PortTaken(port));
  };
  await expect(onFreePort(0, taken)).rejects.toThrow(PortTaken);
  expect(tries).toBe(1);
});
