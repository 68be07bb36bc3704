/** Finds where two values part, so that a failure says one path and two values instead of two dumps. */

/** Absent and undefined are the same. Returns undefined where nothing differs. */
export function difference(model: unknown, redis: unknown, path = ""): string | undefined {
  if (Object.is(model, redis)) return undefined;
  if (!isObject(model) || !isObject(redis) || Array.isArray(model) !== Array.isArray(redis)) {
    return `${path || "reply"}: model ${shown(model)}, Redis ${shown(redis)}`;
  }
  if (Array.isArray(model) && Array.isArray(redis) && model.length !== redis.length) {
    return `${path}: model ${shown(model)}, Redis ${shown(redis)}`;
  }
  for (const name in model) {
    const found = difference(model[name], redis[name], path === "" ? name : `${path} › ${name}`);
    if (found !== undefined) return found;
  }
  for (const name in redis) {
    if (redis[name] !== undefined && model[name] === undefined) {
      return `${path} › ${name}: model has none, Redis ${shown(redis[name])}`;
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  return value === undefined ? "has none" : JSON.stringify(value).slice(0, 1_500);
}
