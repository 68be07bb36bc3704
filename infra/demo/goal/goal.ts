/** What a goal is: a small library of functions, each described in words and by examples. */
import type { Kind, Value } from "./values.ts";

export interface Goal {
  readonly name: string;
  readonly description: string;
  /** In the order of the file. */
  readonly functions: readonly GoalFunction[];
}

export interface GoalFunction {
  readonly name: string;
  readonly params: readonly Parameter[];
  readonly description: string;
  /** Other functions of the library that the description names in backticks. */
  readonly uses: readonly string[];
  readonly returns: Kind;
  readonly examples: readonly Example[];
}

export interface Parameter {
  readonly name: string;
  readonly kind: Kind;
}

export interface Example {
  readonly args: readonly Value[];
  readonly result: Value;
}

/** What is wrong with a goal file, and where. Lines count from 1. */
export interface Fault {
  readonly line: number;
  readonly reason: string;
}
