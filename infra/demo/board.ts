/** What the demo knows about its agents and their work, built from their reports alone: everything that a view shows. */
import type { Report } from "./agents/messages.ts";
import type { Role } from "./crew.ts";

/** Something that happened, and to whom. */
export interface Happening {
  readonly agent: string;
  readonly happened:
    | Report
    | { readonly event: "started"; readonly role: Role }
    | { readonly event: "killed"; readonly task_id: string };
}

export interface AgentState {
  readonly role: Role;
  state: "starting" | "waiting" | "working" | "killed";
  /** What it does, in a few words. */
  doing: string;
  done: number;
}

export interface Board {
  readonly agents: Map<string, AgentState>;
  /** Tasks that the Orchestrator queued so far. */
  tasks: number;
  completed: number;
  failed: number;
  /** Times that a task was handed out again because its worker was gone. */
  requeues: number;
  /** Reviews that sent work back. */
  sent_back: number;
  readonly calls: Map<string, number>;
  outcome?: Extract<Report, { event: "outcome" }>;
}

export function emptyBoard(): Board {
  return {
    agents: new Map(),
    tasks: 0,
    completed: 0,
    failed: 0,
    requeues: 0,
    sent_back: 0,
    calls: new Map(),
  };
}

/** Notes a happening on the board. */
export function note(board: Board, { agent, happened }: Happening): void {
  if (happened.event === "started") {
    const { role } = happened;
    board.agents.set(agent, { role, state: "starting", doing: "", done: 0 });
    return;
  }
  const one = board.agents.get(agent);
  if (!one) return;
  switch (happened.event) {
    case "ready":
      set(one, "waiting", "");
      break;
    case "called":
      board.calls.set(happened.tool, (board.calls.get(happened.tool) ?? 0) + 1);
      break;
    case "created":
      board.tasks += happened.tasks;
      break;
    case "claimed":
      set(one, "working", `${happened.task_id} ${happened.title}`);
      if (happened.attempt > 1 && !happened.after) board.requeues++;
      break;
    case "submitted":
      set(one, "waiting", "");
      one.done++;
      count(board, happened);
      break;
    case "dropped":
      set(one, "waiting", "");
      break;
    case "killed":
      set(one, "killed", `while it held ${happened.task_id}`);
      break;
    case "outcome":
      board.outcome = happened;
      break;
    case "progress":
    case "frozen":
    case "says":
      break;
  }
}

/** A result that goes to a reviewer makes a task for the reviewer, and is completed when that one says so. */
function count(board: Board, { status, judged }: Extract<Report, { event: "submitted" }>): void {
  if (status === "completed") board.completed++;
  if (status === "failed") board.failed++;
  if (status === "in_review") board.tasks++;
  if (judged?.approved) board.completed++;
  if (judged?.approved === false) board.sent_back++;
}

function set(agent: AgentState, state: AgentState["state"], doing: string): void {
  agent.state = state;
  agent.doing = doing;
}
