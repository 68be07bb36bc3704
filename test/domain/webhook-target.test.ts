/** Where a webhook may go, and every disguise of where it may not. */
import { expect, test } from "vitest";
import { webhookTarget } from "../../src/domain/webhook-target.ts";

const deployed = { allow_loopback: false };

test.each([
  ["https://example.com/hooks", "https://example.com/hooks"],
  ["https://EXAMPLE.com", "https://example.com/"],
  ["https://example.com:443/a?b=c", "https://example.com/a?b=c"],
  ["https://example.com:8443/", "https://example.com:8443/"],
  ["https://93.184.215.14/", "https://93.184.215.14/"],
  ["https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", undefined],
  ["https://bücher.de/", "https://xn--bcher-kva.de/"],
  ["https://172.15.0.1/", undefined],
  ["https://172.32.0.1/", undefined],
  ["https://100.128.0.1/", undefined],
])("%s is public", (url, normalised = url) => {
  expect(webhookTarget(url, deployed)).toEqual({ ok: true, value: normalised });
});

test.each([
  "nonsense",
  "ftp://example.com/",
  "http://example.com/",
  "javascript:alert(1)",
  "https://user:pass@example.com/",
  "https://example.com/#top",
  "https://example.com:22/",
  "https://example.com:6379/",
  "https://example.com:80/",
  "https://localhost/",
  "https://LOCALHOST./",
  "https://app.localhost/",
  "https://printer.local/",
  "https://metadata.google.internal/computeMetadata/v1/",
  "https://redis/",
  "https://nas.home.arpa/",
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f.0.0.1/",
  "https://0177.0.0.1/",
  "https://127.0.0.1./",
  "https://127.0.0.1../",
  "https://localhost../",
  "https://example..com/",
  "https://./",
  "https://0.0.0.0/",
  "https://10.1.2.3/",
  "https://172.16.0.1/",
  "https://172.31.255.255/",
  "https://192.168.1.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://0xA9FEA9FE/",
  "https://100.64.0.1/",
  "https://198.19.0.1/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://[::1]/",
  "https://[::]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:a9fe:a9fe]/",
  "https://[::127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[2002:7f00:1::]/",
  "https://[2001::1]/",
  "https://[2001:db8::1]/",
  "https://[fe80::1]/",
  "https://[fc00::1]/",
  "https://[fd12:3456::1]/",
  "https://[ff02::1]/",
  `https://example.com/${"a".repeat(2_048)}`,
])("%s is refused, with what is wrong with it", (url) => {
  const result = webhookTarget(url, deployed);
  expect(result).toMatchObject({ ok: false, refusal: { reason: "invalid", parameters: ["url"] } });
});

test("the local stack delivers to loopback alone, at any port", () => {
  const local = { allow_loopback: true };
  for (const url of ["http://127.0.0.1:9000/a", "http://localhost:3000/", "http://[::1]:81/"]) {
    expect(webhookTarget(url, local)).toEqual({ ok: true, value: url });
  }
  for (const url of ["http://10.0.0.1/", "http://example.com/", "https://169.254.169.254/"]) {
    expect(webhookTarget(url, local)).toMatchObject({ ok: false });
  }
});
