/**
 * A world of events in virtual time. What waits is woken by events alone, one event at a time, and each activity draws
 * from a chance of its own: so a run is the same each time, however many clients it interleaves.
 */
import { type Chance, seeded } from "../../support/seeded.ts";

/** Something that goes on: a client, a call that a Worker serves, what it does after its reply. */
export interface Activity {
  readonly name: string;
  readonly chance: Chance;
  /** Replies and times that it waits for. */
  waits: number;
  alive: boolean;
  children: number;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

/** An activity that does not come to rest within so many turns of the event loop waits for something outside. */
const TURNS = 100_000;

export class World {
  now: number;
  readonly seed: string;
  readonly #live = new Set<Activity>();
  #events: Event[] = [];

  constructor(seed: string, start: number) {
    this.seed = seed;
    this.now = start;
  }

  /** `run` begins at once. What it rejects with is for whoever awaits the result. */
  start<T>(name: string, run: (activity: Activity) => Promise<T>): Promise<T> {
    const chance = seeded(`${this.seed} ${name}`);
    const activity: Activity = { name, chance, waits: 0, alive: true, children: 0 };
    this.#live.add(activity);
    return run(activity).finally(() => this.#live.delete(activity));
  }

  /** A name for what an activity starts: the same in every run. */
  childName(activity: Activity, what: string): string {
    return `${activity.name}/${what}${++activity.children}`;
  }

  /** From now on nothing of it runs any more: what it waits for never comes. */
  kill(activity: Activity): void {
    activity.alive = false;
    this.#live.delete(activity);
  }

  /** Runs `run` after `ms`. Events of one moment come in an order that `chance` decides. */
  after(ms: number, chance: Chance, run: Event["run"]): void {
    const event = { at: this.now + Math.max(0, Math.round(ms)), order: chance.next(), run };
    const place = this.#events.findIndex((other) => isBefore(event, other));
    if (place < 0) this.#events.push(event);
    else this.#events.splice(place, 0, event);
  }

  /** Waits for the first of the answers that events give. */
  answer<T>(activity: Activity, ask: (answer: (value: T) => void) => void): Promise<T> {
    activity.waits += 1;
    return new Promise((resolve) => {
      let answered = false;
      ask((value) => {
        if (answered || !activity.alive) return;
        answered = true;
        activity.waits -= 1;
        resolve(value);
      });
    });
  }

  wait(activity: Activity, ms: number): Promise<void> {
    return this.answer(activity, (answer: (value: void) => void) =>
      this.after(ms, activity.chance, () => answer()),
    );
  }

  /** Lets events happen until `time`, or until `enough` says so between two of them. */
  async runUntil(time: number, enough: () => boolean = () => false): Promise<void> {
    for (;;) {
      await this.#rest();
      const [next] = this.#events;
      if (enough()) return;
      if (!next || next.at > time) break;
      this.#events.shift();
      this.now = next.at;
      await next.run();
    }
    this.now = Math.max(this.now, time);
  }

  /** Until every activity waits for an event: then nothing happens before the next one. */
  async #rest(): Promise<void> {
    for (let turn = 0; turn < TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      const busy = [...this.#live].find(({ waits }) => waits === 0);
      if (!busy) return;
      if (turn === TURNS - 1) throw new Error(`${busy.name} waits for nothing of this world`);
    }
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
