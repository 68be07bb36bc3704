/**
 * JSON Schema as every client can read it. They stumble over `$schema`, `additionalProperties`, `$ref`, `anyOf`, type
 * arrays and properties without a type, so none of these can be written here.
 */

export type ObjectSchema = {
  type: "object";
  properties: Record<string, Property>;
  required?: string[];
};

export type Property = ({ type: "string"; enum?: string[] } | Plain | List | Nested) & {
  description?: string;
};

type Plain = { type: "integer" | "number" | "boolean" };
type List = { type: "array"; items: Property };
type Nested = { type: "object"; properties?: Record<string, Property>; required?: string[] };
