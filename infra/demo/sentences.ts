/** Says in one line what happened, for those happenings that people want to follow. */
import type { Report } from "./agents/messages.ts";
import type { Happening } from "./board.ts";

export function sentence({ agent, happened }: Happening): string | undefined {
  const text = words(happened);
  return text === undefined ? undefined : `${agent.padEnd(12)} ${text}`;
}

const ENDS = {
  completed: "completed",
  failed: "failed",
  in_review: "hands in",
  suspended: "delegates from",
} as const;

function whyAgain({ attempt, after }: Extract<Report, { event: "claimed" }>): string {
  switch (after) {
    case "review":
      return "sent back";
    case "children":
      return "its tasks have ended";
    case undefined:
      return `attempt ${attempt}`;
  }
}

function words(happened: Happening["happened"]): string | undefined {
  switch (happened.event) {
    case "ready":
      return `connected, speaks MCP ${happened.protocol}`;
    case "created":
      return `queues ${happened.tasks} ${happened.tasks === 1 ? "task" : "tasks"}`;
    case "claimed": {
      const again = happened.attempt > 1 ? ` (${whyAgain(happened)})` : "";
      return `takes ${happened.task_id}${again}: ${happened.title}`;
    }
    case "submitted":
      return `${ENDS[happened.status]} ${happened.task_id}: ${happened.summary}`;
    case "dropped":
      return `drops ${happened.task_id}: ${happened.reason}`;
    case "killed":
      return `killed (kill -9) with ${happened.task_id} half done: Baton hands it out again when its lease ends`;
    case "says":
      return happened.text;
    case "started":
    case "called":
    case "progress":
    case "frozen":
    case "outcome":
      return undefined;
  }
}
