// The ways in which the local QStash misbehaves on request, and which of them are switched on.

export type FaultRule = FaultScope &
  (
    | { readonly kind: "deliver-twice" }
    /** An attempt is made `ms` later than it is due; once per message. */
    | { readonly kind: "deliver-late"; readonly ms: number }
    /** Holds `size` (2) due messages, at most `withinMs` (1,000), and sends them last one first. */
    | { readonly kind: "reorder"; readonly size?: number; readonly withinMs?: number }
    /** The message vanishes without an attempt, which the real service promises never to do. */
    | { readonly kind: "lose-delivery" }
    /** The endpoint's answer is forgotten and the same attempt is made again. */
    | { readonly kind: "crash-before-ack" }
    /**
     * After `afterTimeouts` (1) time-outs in a row nothing is sent to that host for `blockMs`
     * (60,000), doubling each time. Holds until cleared.
     */
    | { readonly kind: "host-block"; readonly afterTimeouts?: number; readonly blockMs?: number }
    | { readonly kind: "refuse-publish"; readonly status: 429 | 412 | 500 }
    /** The connection ends before the publish is looked at. */
    | { readonly kind: "lose-publish" }
    /** The publish is accepted, and the connection ends before the answer. */
    | { readonly kind: "lose-publish-reply" }
  );

export type FaultScope = {
  /** Only destinations that contain this text. */
  readonly match?: string;
  /** How often the fault strikes before it is spent (default 1). */
  readonly times?: number | "always";
  /** Strikes with this probability each time it could (default 1). */
  readonly chance?: number;
};

type FaultKind = FaultRule["kind"];

export type FaultOf<K extends FaultKind> = Extract<FaultRule, { kind: K }>;

export class Faults {
  #rules: { readonly rule: FaultRule; left: number }[] = [];
  readonly #random: () => number;

  /** `random` gives numbers from 0 up to 1, for rules with a chance. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Switches a fault on; the result switches it off. */
  add(rule: FaultRule): () => void {
    const left = rule.times === "always" ? Number.POSITIVE_INFINITY : (rule.times ?? 1);
    const entry = { rule, left };
    this.#rules.push(entry);
    return () => {
      this.#rules = this.#rules.filter((other) => other !== entry);
    };
  }

  /** Switches off all faults, or all of one kind. */
  clear(kind?: FaultKind): void {
    this.#rules = kind === undefined ? [] : this.#rules.filter(({ rule }) => rule.kind !== kind);
  }

  list(): FaultRule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** The first rule of this kind for this destination, used up by once if it strikes. */
  strike<K extends FaultKind>(kind: K, destination: string): FaultOf<K> | undefined {
    for (const entry of this.#rules) {
      const { rule } = entry;
      if (!isOfKind(rule, kind) || !applies(rule, destination)) continue;
      if (rule.chance !== undefined && this.#random() >= rule.chance) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#rules = this.#rules.filter((other) => other !== entry);
      return rule;
    }
    return undefined;
  }

  /** The first rule of this kind for this destination, left as it is. */
  find<K extends FaultKind>(kind: K, destination: string): FaultOf<K> | undefined {
    for (const { rule } of this.#rules) {
      if (isOfKind(rule, kind) && applies(rule, destination)) return rule;
    }
    return undefined;
  }
}

function isOfKind<K extends FaultKind>(rule: FaultRule, kind: K): rule is FaultOf<K> {
  return rule.kind === kind;
}

function applies(rule: FaultScope, destination: string): boolean {
  return rule.match === undefined || destination.includes(rule.match);
}
