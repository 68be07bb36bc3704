/** An error in place of the SDK's own answer. */
export function jsonRpcError(
  { code, message }: { readonly code: number; readonly message: string },
  { id, status }: { readonly id: string | number | null; readonly status: number },
): Response {
  return Response.json({ jsonrpc: "2.0", id, error: { code, message } }, { status });
}
