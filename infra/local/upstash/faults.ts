// Makes things go wrong on purpose: rules that say what to do to which request or message, and how often.

export type FaultKind =
  /** Close the connection before anything is executed. */
  | "drop-request"
  /** Execute, then close the connection instead of replying. */
  | "drop-reply"
  /** Wait `delayMs` before executing. */
  | "delay"
  /** Answer `status` (default 500) with `body`, without executing. */
  | "answer"
  /** Execute twice, as when a request is re-sent, and answer the second reply. */
  | "duplicate"
  /** Empty the script cache before executing. */
  | "cold-scripts"
  /** Swallow a published message on its way to an SSE stream. */
  | "drop-message"
  /** End the SSE stream to which a published message was about to go. */
  | "close-stream";

export type FaultRule = {
  kind: FaultKind;
  /** Only requests that hold a command of this name (any case); for messages, only this channel. */
  command?: string;
  /** Only requests whose body or path contains this text; for messages, whose payload does. */
  contains?: string;
  /** Only the next n that match; then the rule is spent. Default: all. */
  next?: number;
  /** Chance for each match, 0 to 1, drawn from a generator of its own with `seed`. Default: 1. */
  probability?: number;
  seed?: number;
  delayMs?: number;
  status?: number;
  body?: string;
};

/** `hits` counts how often the rule has struck. */
export type FaultState = FaultRule & { id: string; hits: number };

export type Faults = {
  /** Returns the id under which the rule can be removed. */
  add: (rule: FaultRule) => string;
  remove: (id: string) => boolean;
  clear: () => void;
  list: () => FaultState[];
};

/** What a request or a message is matched by. `text` is only made when some rule wants to look at it. */
type FaultSubject = { names: readonly string[]; text: () => string };

export type FaultInjector = Faults & {
  /** The rules that strike this request, in the order in which they were added. */
  strikeRequest: (subject: FaultSubject) => readonly FaultState[];
  /** The first rule that strikes this message. */
  strikeMessage: (subject: FaultSubject) => FaultState | undefined;
};

type ArmedRule = { state: FaultState; random: () => number };

const MESSAGE_KINDS: ReadonlySet<FaultKind> = new Set(["drop-message", "close-stream"]);
const NONE: readonly FaultState[] = [];

export function createFaults(initial: readonly FaultRule[]): FaultInjector {
  let rules: ArmedRule[] = [];
  let lastId = 0;

  function add(rule: FaultRule): string {
    const id = `f${++lastId}`;
    rules.push({ state: { ...rule, id, hits: 0 }, random: seededRandom(rule.seed ?? lastId) });
    return id;
  }

  function strike(subject: FaultSubject, messages: boolean): readonly FaultState[] {
    if (rules.length === 0) return NONE;
    return rules.filter((rule) => isStruck(rule, subject, messages)).map(({ state }) => state);
  }

  for (const rule of initial) add(rule);
  return {
    add,
    remove(id) {
      const before = rules.length;
      rules = rules.filter(({ state }) => state.id !== id);
      return rules.length < before;
    },
    clear() {
      rules = [];
    },
    list: () => structuredClone(rules.map(({ state }) => state)),
    strikeRequest: (subject) => strike(subject, false),
    strikeMessage: (subject) => strike(subject, true)[0],
  };
}

function isStruck({ state, random }: ArmedRule, subject: FaultSubject, message: boolean): boolean {
  if (MESSAGE_KINDS.has(state.kind) !== message) return false;
  if (state.next !== undefined && state.hits >= state.next) return false;
  if (state.command !== undefined && !hasName(subject.names, state.command)) return false;
  if (state.contains !== undefined && !subject.text().includes(state.contains)) return false;
  if (state.probability !== undefined && random() >= state.probability) return false;
  state.hits++;
  return true;
}

function hasName(names: readonly string[], wanted: string): boolean {
  return names.some((name) => name.toLowerCase() === wanted.toLowerCase());
}

/** A small generator (mulberry32), so that a failing run can be repeated from its seed. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
