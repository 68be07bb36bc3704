/** What dies together: the calls that a Worker serves at one time, and what goes on after their replies. */
import type { Activity, World } from "./world.ts";

export class Isolate {
  readonly #world: World;
  readonly #activities = new Map<Activity, (() => void) | undefined>();

  constructor(world: World) {
    this.#world = world;
  }

  /** `onCrash` tells whoever waits for it that the connection is gone. */
  add(activity: Activity, onCrash?: () => void): void {
    this.#activities.set(activity, onCrash);
  }

  remove(activity: Activity): void {
    this.#activities.delete(activity);
  }

  /** Nothing after the await at which each activity stands ever runs. */
  crash(): void {
    const struck = [...this.#activities];
    this.#activities.clear();
    for (const [activity, onCrash] of struck) {
      this.#world.kill(activity);
      onCrash?.();
    }
  }
}
