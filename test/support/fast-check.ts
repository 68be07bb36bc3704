/**
 * fast-check, drawing the same in each run of the tests, which must not fail by chance; what a draw finds is found again.
 * `FC_SEED=…` before the command draws something else.
 */
import { configureGlobal } from "fast-check";

configureGlobal({ seed: Number(process.env["FC_SEED"] ?? 20_261_127) });

export * from "fast-check";
