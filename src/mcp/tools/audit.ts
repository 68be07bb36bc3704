/** Compares records with indexes. Served, and on nobody's list: people use REST. */
import { audit } from "../../operations/audit.ts";
import { defineTool } from "../tool.ts";

export const auditTool = defineTool({
  operation: audit,
  title: "Audit what is stored",
  description:
    "Compare a page of records with the indexes made from them, and mend what does not fit. Go on with cursor.",
  inputSchema: {
    type: "object",
    properties: { cursor: { type: "string" }, repair: { type: "boolean" } },
  },
  annotations: {
    readOnlyHint: false,
    destructiveHint: false,
    idempotentHint: true,
    openWorldHint: false,
  },
  listedFor: [],
});
