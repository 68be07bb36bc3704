import { once } from "node:events";
import { expect, test } from "vitest";
import { onEachEngine, type Stack } from "./engines.ts";

/** Reads an event stream line by line, as `data:` payloads. */
async function* dataLines(response: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: ")) yield line.slice("data: ".length);
  }
}

async function openStream({ request }: Stack, path: string) {
  const response = await request(path, { headers: { accept: "text/event-stream" } });
  const lines = dataLines(response);
  return { response, next: async () => (await lines.next()).value };
}

onEachEngine("server-sent events", (stack) => {
  const { front, sdk, request } = stack;

  test("the SDK subscribes to two channels and gets payloads with commas whole", async () => {
    const subscriber = sdk().subscribe<unknown>(["chat", "wake:{p1}"]);
    const messages: { channel: string; message: unknown }[] = [];
    const { promise: done, resolve: onDone } = Promise.withResolvers<void>();
    subscriber.on("message", (message) => {
      if (messages.push(message) === 3) onDone();
    });
    // PUBLISH says how many heard it: once each channel has a listener, its message has been delivered.
    await expect.poll(() => sdk().publish("chat", "a,b,,c")).toBe(1);
    await expect.poll(() => sdk().publish("wake:{p1}", { task: "r1t1", list: [1, 2] })).toBe(1);
    await sdk().publish("chat", "last");
    await done;
    expect(
      messages.filter(({ channel }) => channel === "chat").map(({ message }) => message),
    ).toEqual(["a,b,,c", "last"]);
    expect(messages.find(({ channel }) => channel === "wake:{p1}")?.message).toEqual({
      task: "r1t1",
      list: [1, 2],
    });
    await subscriber.unsubscribe();
    await expect.poll(() => front().streams.count()).toBe(0);
  });

  test("the SDK subscribes to a pattern", async () => {
    const subscriber = sdk().psubscribe<{ n: number }>("events:*");
    const { promise, resolve } = Promise.withResolvers<unknown>();
    subscriber.on("pmessage", resolve);
    await expect.poll(() => sdk().publish("events:p1", { n: 1 })).toBe(1);
    expect(await promise).toEqual({ pattern: "events:*", channel: "events:p1", message: { n: 1 } });
    await subscriber.unsubscribe();
  });

  test("the lines are those of the documentation", async () => {
    const chat = await openStream(stack, "/subscribe/chat");
    expect(chat.response.headers.get("content-type")).toBe("text/event-stream");
    expect(await chat.next()).toBe("subscribe,chat,1");
    await request("/publish/chat/how%20are%20you,%20today%3F");
    expect(await chat.next()).toBe("message,chat,how are you, today?");
    const pattern = await openStream(stack, "/psubscribe/ch*");
    expect(await pattern.next()).toBe("psubscribe,ch*,1");
    await request("/publish/chat/x");
    expect(await pattern.next()).toBe("pmessage,ch*,chat,x");
    front().streams.close();
  });

  test("a message published inside a script arrives", async () => {
    const chat = await openStream(stack, "/subscribe/chat");
    await chat.next();
    const script = "#!lua flags=allow-key-locking\nreturn redis.call('PUBLISH', ARGV[1], ARGV[2])";
    expect(await sdk().eval(script, [], ["chat", "from,script"])).toBe(1);
    expect(await chat.next()).toBe("message,chat,from,script");
    front().streams.close("chat");
  });

  test("monitor shows what clients sent, scripts as they sent them", async () => {
    const monitor = await openStream(stack, "/monitor");
    expect(await monitor.next()).toBe('"OK"');
    await request("/", { body: ["set", "k", 'a "quoted" value'] });
    expect(await monitor.next()).toMatch(
      /^\d+\.\d{6} \[0 0\.0\.0\.0:0\] "SET" "k" "a \\"quoted\\" value"$/,
    );
    await request("/", { body: ["EVAL", "return 1", 0] });
    expect(await monitor.next()).toMatch(/"EVAL" "return 1" "0"$/);
    front().streams.close();
  });

  test("close ends the streams of one channel, and the reader sees the end", async () => {
    const one = await openStream(stack, "/subscribe/one");
    const two = await openStream(stack, "/subscribe/two");
    expect([await one.next(), await two.next()]).toEqual(["subscribe,one,1", "subscribe,two,1"]);
    expect(front().streams.close("one")).toBe(1);
    expect(await one.next()).toBeUndefined();
    await request("/publish/two/on");
    expect(await two.next()).toBe("message,two,on");
    front().streams.close();
    await expect.poll(() => front().streams.count()).toBe(0);
  });

  test("a client that goes away leaves no subscription behind", async () => {
    const controller = new AbortController();
    const response = await fetch(`${front().url}/subscribe/gone?_token=${front().token}`, {
      method: "POST",
      signal: controller.signal,
    });
    const lines = dataLines(response);
    await lines.next();
    const aborted = once(controller.signal, "abort");
    controller.abort();
    await aborted;
    await expect.poll(() => sdk().publish("gone", "x")).toBe(0);
    expect(front().streams.count()).toBe(0);
  });

  test("subscribing to nothing is refused", async () => {
    expect((await request("/subscribe")).status).toBe(400);
  });
});
