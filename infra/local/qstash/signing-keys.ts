// Holds the pair of signing keys and rolls them: next becomes current, and a new next is made.

import { newId } from "./ids.ts";

export type SigningKeyPair = { readonly current: string; readonly next: string };

export class SigningKeys {
  #pair: SigningKeyPair;

  constructor(pair: SigningKeyPair) {
    this.#pair = pair;
  }

  pair(): SigningKeyPair {
    return this.#pair;
  }

  rotate(): SigningKeyPair {
    this.#pair = { current: this.#pair.next, next: newId("sig") };
    return this.#pair;
  }
}
