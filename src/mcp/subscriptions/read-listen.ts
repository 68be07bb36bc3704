/** A `subscriptions/listen` that names resources; any other is the SDK's alone. */
import * as z from "zod";
import { parseRunId, parseTaskId } from "../../domain/ids.ts";
import { parseResourceUri } from "../resource-uri.ts";

const message = z.looseObject({
  method: z.literal("subscriptions/listen"),
  id: z.union([z.string(), z.number()]),
  params: z.looseObject({
    notifications: z.looseObject({ resourceSubscriptions: z.array(z.string()).min(1) }),
  }),
});

type Message = z.infer<typeof message>;

export interface Listen {
  readonly id: string | number;
  readonly uris: readonly string[];
  /** The same request for these only. */
  readonly narrowedTo: (uris: readonly string[]) => Message;
}

export function readListen(body: unknown): Listen | undefined {
  const parsed = message.safeParse(body);
  if (!parsed.success) return undefined;
  const { id, params } = parsed.data;
  const { notifications } = params;
  return {
    id,
    uris: [...new Set(notifications.resourceSubscriptions)],
    narrowedTo: (uris) => ({
      ...parsed.data,
      params: { ...params, notifications: { ...notifications, resourceSubscriptions: [...uris] } },
    }),
  };
}

/** The run or the task that a resource shows; undefined for one that cannot be listened to. */
export function subjectOf(uri: string): string | undefined {
  const { folder, id = "" } = parseResourceUri(uri) ?? {};
  const isRun = folder === "runs" && parseRunId(id) !== undefined;
  const isTask = folder === "tasks" && parseTaskId(id) !== undefined;
  return isRun || isTask ? id : undefined;
}
