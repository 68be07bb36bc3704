/**
 * Stands in the Worker for the SDK's part for workerd (`[alias]` in wrangler.toml), which carries a second copy of the
 * JSON Schema validator that results are held to: decision 0029.
 */
import { Validator } from "@cfworker/json-schema";
import type {
  JsonSchemaType,
  JsonSchemaValidator,
  jsonSchemaValidator,
} from "@modelcontextprotocol/server";

export class DefaultJsonSchemaValidator implements jsonSchemaValidator {
  getValidator<T>(schema: JsonSchemaType): JsonSchemaValidator<T> {
    const validator = new Validator(schema as object, "2020-12");
    return (input) => {
      const { valid, errors } = validator.validate(input);
      if (valid) return { valid, data: input as T, errorMessage: undefined };
      const said = errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
      return { valid: false, data: undefined, errorMessage: said.join("; ") };
    };
  }
}
