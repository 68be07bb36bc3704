// Keeps what is to run at which time, earliest first, and first come first among equals.

export type Timer = { cancel(): void };

type Entry = { readonly time: number; readonly order: number; readonly run: () => void };

export class Agenda {
  #entries: Entry[] = [];
  #order = 0;

  add(time: number, run: () => void): Timer {
    const entry: Entry = { time, order: this.#order++, run };
    this.#entries.splice(this.#position(entry), 0, entry);
    return { cancel: () => this.#remove(entry) };
  }

  /** The time of the earliest entry, in unix milliseconds. */
  next(): number | undefined {
    return this.#entries[0]?.time;
  }

  /** Takes out the earliest entry if its time is at or before `time`. */
  takeDue(time: number): Entry | undefined {
    const first = this.#entries[0];
    if (first === undefined || first.time > time) return undefined;
    this.#entries.shift();
    return first;
  }

  clear(): void {
    this.#entries = [];
  }

  #remove(entry: Entry): void {
    const index = this.#position(entry);
    if (this.#entries[index] === entry) this.#entries.splice(index, 1);
  }

  #position(entry: Entry): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#entries[middle];
      const before =
        other !== undefined &&
        (other.time < entry.time || (other.time === entry.time && other.order < entry.order));
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
