/** Short ids that agents copy by hand: runs `r12`, tasks `r12t3`, schedules `s4`, leases `r12t3.2.k7f2q9`. */

export interface TaskRef {
  readonly run: number;
  readonly task: number;
}

/** A lease token taken apart: which attempt of which task, and the check that makes it unguessable. */
export interface LeaseRef {
  readonly task_id: string;
  readonly attempt: number;
  readonly check: string;
}

const RUN = /^r([1-9]\d{0,8})$/;
const TASK = /^r([1-9]\d{0,8})t([1-9]\d{0,5})$/;
const SCHEDULE = /^s[1-9]\d{0,8}$/;
const LEASE = /^(r[1-9]\d{0,8}t[1-9]\d{0,5})\.([1-9]\d{0,8})\.([a-z0-9]{10})$/;

export function parseRunId(id: string): number | undefined {
  const match = RUN.exec(id);
  return match ? Number(match[1]) : undefined;
}

export function parseTaskId(id: string): TaskRef | undefined {
  const match = TASK.exec(id);
  return match ? { run: Number(match[1]), task: Number(match[2]) } : undefined;
}

export function isScheduleId(id: string): boolean {
  return SCHEDULE.test(id);
}

export function parseLease(token: string): LeaseRef | undefined {
  const match = LEASE.exec(token);
  if (!match?.[1] || !match[3]) return undefined;
  return { task_id: match[1], attempt: Number(match[2]), check: match[3] };
}

export function formatLease(lease: LeaseRef): string {
  return `${lease.task_id}.${lease.attempt}.${lease.check}`;
}

export function runOf(taskId: string): string {
  return taskId.slice(0, taskId.indexOf("t"));
}

const CHECK_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

/**
 * The check of a lease: 10 characters of 5 bits each. A lease also works only with the key that got it, so 50 bits
 * against online guessing are ample, and every character costs tokens.
 */
export function leaseCheck(random: (bytes: number) => Uint8Array): string {
  let check = "";
  for (const byte of random(10)) check += CHECK_ALPHABET[byte & 31];
  return check;
}
