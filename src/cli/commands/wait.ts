/** `npx baton wait RUN`: follows a run that exists already. */
import { createApi } from "../api.ts";
import { defineCommand, misused } from "../command.ts";
import { CONNECTION_FLAGS, findConnection } from "../connection.ts";
import { untilEnded } from "../follow/until-ended.ts";

export const wait = defineCommand({
  name: "wait",
  takes: ["RUN"],
  summary: "follow a run until it ends",
  about:
    "Follows a run, such as r12, until it ends. Exit codes and Ctrl-C are those of npx baton run.",
  flags: CONNECTION_FLAGS,
  run: async ([run_id = ""], flags) => {
    const connection = await findConnection({ flags, env: process.env });
    if (!connection.ok) return misused(connection.refusal.message);
    return untilEnded(createApi(connection.value), { run_id });
  },
});
