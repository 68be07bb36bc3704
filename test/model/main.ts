/** `npm run model -- --runs 100000 [--seed N]`: the model tests for as long as one likes. */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "2000" }, seed: { type: "string" } },
});
const vitest = spawn("npx", ["vitest", "run", "test/model", "--reporter=verbose"], {
  stdio: "inherit",
  env: {
    ...process.env,
    MODEL_RUNS: values.runs,
    MODEL_SEED: values.seed ?? String(randomInt(2 ** 31)),
  },
});
const [code] = await once(vitest, "exit");
process.exitCode = typeof code === "number" ? code : 1;
