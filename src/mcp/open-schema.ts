/**
 * An output schema that says what a reply may hold and forbids nothing. Nothing is required, because clients hold
 * refusals to it too, and a field that is added later must not break a client that holds a lease.
 */
import * as z from "zod";
import type { ObjectSchema, Property } from "./schema.ts";

export function openSchema(output: z.ZodObject): ObjectSchema {
  const full = z.toJSONSchema(output, { io: "output", unrepresentable: "any", reused: "inline" });
  return { type: "object", properties: openProperties(full.properties) };
}

type JsonSchema = z.core.JSONSchema._JSONSchema;

function openProperties(properties: z.core.JSONSchema.BaseSchema["properties"]) {
  const open: Record<string, Property> = {};
  for (const [name, schema] of Object.entries(properties ?? {})) {
    const part = openPart(schema);
    if (part !== undefined) open[name] = part;
  }
  return open;
}

/** Undefined for what has no single type: an open object need not mention it. */
function openPart(schema: JsonSchema | undefined): Property | undefined {
  if (typeof schema !== "object") return undefined;
  switch (schema.type) {
    case "string":
    case "integer":
    case "number":
    case "boolean":
      return { type: schema.type };
    case "array": {
      const items = openPart(Array.isArray(schema.items) ? undefined : schema.items);
      return items && { type: "array", items };
    }
    case "object":
      return { type: "object", properties: openProperties(schema.properties) };
    default:
      return undefined;
  }
}
