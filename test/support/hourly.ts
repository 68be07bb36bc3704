/** A schedule of each full hour. */
import { createWorkflow } from "../../src/operations/create-workflow.ts";
import type { Project } from "./project.ts";

/** The project's clock begins at midnight. */
export function hourly(project: Project, cron: Record<string, string> = {}) {
  return project.ok(createWorkflow, {
    name: "Report",
    agent_type: "implementation",
    tasks: [
      { key: "collect", task_description: "Collect" },
      { key: "write", task_description: "Write", dependencies: ["collect"] },
    ],
    options: { cron: { schedule: "0 * * * *", ...cron } },
  });
}
