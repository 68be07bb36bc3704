// URL groups (called topics in the API): one name, several endpoints, one message for each.

import { badRequest, notFound, overLimit } from "./api-error.ts";
import { isHttpUrl } from "./message-settings.ts";
import type { Plan } from "./plan.ts";

export type Endpoint = { readonly name?: string | undefined; readonly url: string };

type UrlGroup = {
  readonly name: string;
  readonly createdAt: number;
  updatedAt: number;
  endpoints: readonly Endpoint[];
};

export class UrlGroups {
  readonly #groups = new Map<string, UrlGroup>();
  readonly #plan: Plan;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Creates the group if need be. An endpoint with a known name or URL takes the place of that one. */
  addEndpoints(
    name: string,
    { endpoints, now }: { endpoints: readonly Endpoint[]; now: number },
  ): void {
    const wrong = endpoints.find((endpoint) => !isHttpUrl(endpoint.url));
    if (wrong !== undefined) {
      throw badRequest(
        `invalid endpoint url "${wrong.url}": it must start with http:// or https://`,
      );
    }
    const group = this.#groups.get(name) ?? this.#create(name, now);
    group.updatedAt = now;
    for (const endpoint of endpoints) {
      group.endpoints = [...group.endpoints.filter((known) => !isSame(known, endpoint)), endpoint];
    }
  }

  /** Removes by name or URL; a group without endpoints ceases to exist. */
  removeEndpoints(
    name: string,
    { endpoints, now }: { endpoints: readonly Partial<Endpoint>[]; now: number },
  ): void {
    const group = this.get(name);
    group.updatedAt = now;
    group.endpoints = group.endpoints.filter(
      (known) => !endpoints.some((gone) => isSame(known, gone)),
    );
    if (group.endpoints.length === 0) this.#groups.delete(name);
  }

  /** Throws ApiError 404 for a name that is not known. */
  get(name: string): UrlGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw notFound(`url group "${name}" not found`);
    return group;
  }

  list(): UrlGroup[] {
    return [...this.#groups.values()];
  }

  delete(name: string): void {
    this.#groups.delete(name);
  }

  #create(name: string, now: number): UrlGroup {
    if (this.#groups.size >= this.#plan.urlGroups) {
      throw overLimit(`exceeded the maximum of ${this.#plan.urlGroups} url groups of the plan`);
    }
    const group: UrlGroup = { name, createdAt: now, updatedAt: now, endpoints: [] };
    this.#groups.set(name, group);
    return group;
  }
}

function isSame(known: Endpoint, other: Partial<Endpoint>): boolean {
  return (other.name !== undefined && known.name === other.name) || known.url === other.url;
}
