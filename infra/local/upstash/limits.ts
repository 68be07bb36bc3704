// The size limits of Upstash's free and pay-as-you-go plans, and their error texts.

/** Byte counts. Source: upstash.com/docs/redis/troubleshooting and upstash.com/pricing. */
export type Limits = {
  maxRequestBytes: number;
  /** One key with all that it holds. */
  maxRecordBytes: number;
  maxKeyBytes: number;
  /** Billed commands after which everything is refused, as when the monthly quota is used up. */
  maxCommands: number;
};

const MIB = 1024 * 1024;

export const DEFAULT_LIMITS: Limits = {
  maxRequestBytes: 10 * MIB,
  maxRecordBytes: 100 * MIB,
  maxKeyBytes: 32 * 1024,
  maxCommands: Number.POSITIVE_INFINITY,
};

/** Also sent when a reply, not the request, is larger than the request limit. */
export function requestTooLarge(limit: number, actual: number): string {
  return `ERR max request size exceeded. Limit: ${limit} bytes, Actual: ${actual} bytes. See https://upstash.com/docs/redis/troubleshooting/max_request_size_exceeded for details`;
}

export function keyTooLarge(limit: number, actual: number): string {
  return `ERR max key size exceeded. Limit: ${limit} bytes, Actual: ${actual} bytes`;
}

export function recordTooLarge(limit: number, actual: number): string {
  return `ERR max single record size exceeded. Limit: ${limit} bytes, Actual: ${actual} bytes. See https://upstash.com/docs/redis/troubleshooting/max_record_size_exceeded for details`;
}

export const COMMANDS_USED_UP =
  "ERR max requests limit exceeded. See https://upstash.com/docs/redis/troubleshooting/max_requests_limit for details";
