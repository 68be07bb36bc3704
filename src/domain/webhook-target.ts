/**
 * Where a webhook may go: to public hosts over HTTPS. A target inside somebody's network would let whoever registers it
 * call what only we can reach (server-side request forgery). Names and literal addresses are judged here, and with
 * `privateAddress` what a name resolves to.
 */
import { ok, refuse, type Result } from "./refusal.ts";

/** HTTPS as everybody serves it. Other ports belong to databases, mail and administration. */
const PORTS = new Set(["", "443", "8443"]);

const LONGEST_URL = 2_048;

/** Suffixes that never name a public host (RFC 6761, 6762, 8375, 9476; ICANN's `internal`). */
const PRIVATE_SUFFIXES = [
  "localhost",
  "local",
  "internal",
  "intranet",
  "lan",
  "home",
  "corp",
  "private",
  "home.arpa",
  "test",
  "invalid",
  "example",
  "onion",
  "alt",
];

export interface TargetRules {
  /** The local stack delivers to loopback, over HTTP and at any port. */
  readonly allow_loopback: boolean;
}

/** The normalised URL, or the reason why nothing is ever sent there. */
export function webhookTarget(text: string, { allow_loopback }: TargetRules): Result<string> {
  if (text.length > LONGEST_URL) return no(`it is longer than ${LONGEST_URL} characters`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return no("it is no URL; give one such as https://example.com/hooks");
  }
  if (url.username !== "" || url.password !== "") {
    return no("it holds a user name or a password; deliveries are signed instead");
  }
  if (url.hash !== "") return no("it has a fragment (#…), which is never sent");
  const host = url.hostname.replace(/\.$/, "");
  if (/(^|\.)(\.|$)/.test(host)) return no(`${url.hostname} is no host name`);
  if (allow_loopback && isLoopback(host) && /^https?:$/.test(url.protocol)) return ok(url.href);
  if (url.protocol !== "https:") return no("only https is delivered to");
  if (!PORTS.has(url.port)) return no(`port ${url.port} is not delivered to; use 443 or 8443`);
  const why = privateHost(host);
  return why === undefined ? ok(url.href) : no(why);
}

function no(why: string): Result<never> {
  return refuse("invalid", `url cannot be delivered to: ${why}.`, { parameters: ["url"] });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Why nothing is sent to an address, as a resolver writes it; undefined for a public one. */
export function privateAddress(address: string): string | undefined {
  try {
    const { hostname } = new URL(
      address.includes(":") ? `https://[${address}]/` : `https://${address}/`,
    );
    return privateHost(hostname);
  } catch {
    return `${address.slice(0, 60)} is no address`;
  }
}

function privateHost(host: string): string | undefined {
  if (host.startsWith("[")) return privateV6(host.slice(1, -1));
  // The URL parser has brought every spelling of an IPv4 address (octal, hexadecimal, one number) into this form.
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host);
  if (v4) return privateV4(v4.slice(1).map(Number));
  if (!host.includes(".")) return `${host} is no public host name`;
  const suffix = PRIVATE_SUFFIXES.find((one) => host === one || host.endsWith(`.${one}`));
  return suffix === undefined ? undefined : `names under .${suffix} are not public`;
}

/** https://www.iana.org/assignments/iana-ipv4-special-registry */
const PRIVATE_V4: readonly (readonly [base: string, bits: number, what: string])[] = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "shared address space"],
  ["127.0.0.0", 8, "loopback"],
  ["169.254.0.0", 16, "link-local, where clouds serve metadata"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "reserved"],
  ["192.0.2.0", 24, "documentation"],
  ["192.88.99.0", 24, "reserved"],
  ["192.168.0.0", 16, "private"],
  ["198.18.0.0", 15, "benchmarking"],
  ["198.51.100.0", 24, "documentation"],
  ["203.0.113.0", 24, "documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved"],
];

function privateV4(parts: readonly number[]): string | undefined {
  const address = numberOf(parts);
  const found = PRIVATE_V4.find(([base, bits]) => {
    const size = 2 ** (32 - bits);
    return Math.floor(address / size) === Math.floor(numberOf(base.split(".").map(Number)) / size);
  });
  return found && `${parts.join(".")} is ${found[2]}`;
}

function numberOf(parts: readonly number[]): number {
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** Only global unicast (2000::/3) is public, and of that not what embeds an IPv4 address or is documentation. */
function privateV6(address: string): string | undefined {
  const groups = groupsOf(address);
  const [first = 0, second = 0] = groups;
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xff_ff;
  if (mapped) return `${address} is an IPv4 address; give that, or a name`;
  if (first < 0x20_00 || first > 0x3f_ff) return `${address} is not public`;
  if (first === 0x20_01 && (second < 0x02_00 || second === 0x0d_b8))
    return `${address} is reserved`;
  if (first === 0x20_02) return `${address} is a 6to4 address`;
  if (first === 0x3f_ff && second < 0x10_00) return `${address} is documentation`;
  return undefined;
}

/** Eight numbers; the URL parser writes addresses in the compressed form of RFC 5952. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = address.split("::");
  const numbers = (text: string | undefined): number[] =>
    text ? text.split(":").map((group) => Number.parseInt(group, 16)) : [];
  const before = numbers(head);
  const after = numbers(tail);
  return [
    ...before,
    ...Array.from({ length: 8 - before.length - after.length }, () => 0),
    ...after,
  ];
}
