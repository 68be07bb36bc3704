/** What was said about tasks: open questions, kept answers and messages, and what agents were told. */
import { LIMITS } from "../../../src/domain/limits.ts";
import type { Books } from "./books.ts";

export function checkTalk({ tasks, agents, fault }: Books): void {
  for (const task of tasks.values()) {
    const { task_id, status, suspended_for, question, answers = [], messages = [] } = task;
    if ((suspended_for === "answer") !== (question !== undefined)) {
      fault(`${task_id} is suspended for ${suspended_for}, question: ${question}`);
    }
    if (answers.length > LIMITS.answers_kept) fault(`${task_id} keeps ${answers.length} answers`);
    if (messages.length > LIMITS.messages_kept) {
      fault(`${task_id} keeps ${messages.length} messages`);
    }
    if (status !== "running") continue;
    const hidden = messages.filter(
      ({ at, shown_at }) => !shown_at && at < (task.lease?.since ?? 0),
    );
    if (hidden.length > 0) fault(`${task_id} was handed out without its messages`);
  }
  for (const { agent_id, stops = [] } of agents.values()) {
    if (stops.length > LIMITS.stops_kept) fault(`${agent_id} is told of ${stops.length} tasks`);
  }
}
