// Makes ids of the look QStash gives them: a prefix and 27 letters and digits.

import { randomBytes } from "node:crypto";

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export function newId(prefix: "msg" | "scd" | "jwt" | "sig"): string {
  let id = "";
  for (const byte of randomBytes(27)) id += letters[byte % letters.length];
  return `${prefix}_${id}`;
}
