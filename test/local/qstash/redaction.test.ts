// Redacted fields are hidden wherever the API shows them and delivered as they are.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { hour, setUp } from "./set-up.ts";

function redacted(text: string): string {
  return `REDACTED:${createHash("sha256").update(text).digest("hex")}`;
}

test("hides body and header in messages, logs and dead letters, and delivers both, also on retry", async () => {
  const { qstash, client, endpoint } = await setUp();
  endpoint.answer({ status: 500 });
  const { messageId } = await client.publish({
    url: endpoint.url,
    body: "secret",
    headers: { Authorization: "Bearer s", "X-Open": "shown" },
    redact: { body: true, header: ["Authorization"] },
    delay: 60,
    retries: 0,
  });
  const shown = {
    body: redacted("secret"),
    header: { Authorization: [redacted("Bearer s")], "X-Open": ["shown"] },
  };
  expect(await client.messages.get(messageId)).toMatchObject(shown);
  await qstash.clock.advance(hour);
  const { messages } = await client.dlq.listMessages();
  expect(messages).toMatchObject([shown]);
  const { logs } = await client.logs();
  expect(logs.map(({ body }) => Buffer.from(body ?? "", "base64").toString())).toEqual(
    logs.map(() => shown.body),
  );
  await client.dlq.retry(messages[0]?.dlqId ?? "");
  await qstash.idle();
  for (const delivery of endpoint.deliveries) {
    expect(delivery).toMatchObject({ body: "secret", headers: { authorization: "Bearer s" } });
  }
  expect(endpoint.deliveries).toHaveLength(2);
});

test("hides all headers of a schedule on request", async () => {
  const { client } = await setUp();
  const { scheduleId } = await client.schedules.create({
    destination: "https://a.test",
    cron: "* * * * *",
    body: "open",
    headers: { "X-Secret": "s" },
    redact: { header: true },
  });
  expect(await client.schedules.get(scheduleId)).toMatchObject({
    body: "open",
    header: { "X-Secret": [redacted("s")] },
  });
});
