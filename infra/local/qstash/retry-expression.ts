// Reads and evaluates the arithmetic of Upstash-Retry-Delay, without eval.

export type RetryExpression = {
  readonly source: string;
  /** The delay in milliseconds before the next attempt; `retried` is 0 before the first retry. */
  evaluate(retried: number): number;
};

export class RetryExpressionError extends Error {
  override readonly name = "RetryExpressionError";
}

/**
 * Compiles numbers, `retried`, + - * / and parentheses, and the functions that QStash documents
 * (pow sqrt abs exp floor ceil round min max). Throws RetryExpressionError with the position.
 */
export function compileRetryExpression(source: string): RetryExpression {
  const reader = new Reader(source);
  const node = sum(reader, 0);
  if (reader.peek() !== undefined) throw reader.unexpected();
  return { source, evaluate: node };
}

type Node = (retried: number) => number;

/** Deeper nesting is refused, so that no header can exhaust the stack. */
const maxDepth = 100;

const functions: Readonly<
  Record<string, { arity: 1 | 2; apply: (a: number, b: number) => number }>
> = {
  pow: { arity: 2, apply: (a, b) => a ** b },
  min: { arity: 2, apply: (a, b) => Math.min(a, b) },
  max: { arity: 2, apply: (a, b) => Math.max(a, b) },
  sqrt: { arity: 1, apply: (a) => Math.sqrt(a) },
  abs: { arity: 1, apply: (a) => Math.abs(a) },
  exp: { arity: 1, apply: (a) => Math.exp(a) },
  floor: { arity: 1, apply: (a) => Math.floor(a) },
  ceil: { arity: 1, apply: (a) => Math.ceil(a) },
  // Halves go away from zero, as in Go; Math.round sends -0.5 to 0.
  round: { arity: 1, apply: (a) => Math.sign(a) * Math.round(Math.abs(a)) },
};

function sum(reader: Reader, depth: number): Node {
  let left = product(reader, depth);
  for (;;) {
    const a = left;
    if (reader.take("+")) {
      const b = product(reader, depth);
      left = (retried) => a(retried) + b(retried);
    } else if (reader.take("-")) {
      const b = product(reader, depth);
      left = (retried) => a(retried) - b(retried);
    } else return left;
  }
}

function product(reader: Reader, depth: number): Node {
  let left = signed(reader, depth);
  for (;;) {
    const a = left;
    if (reader.take("*")) {
      const b = signed(reader, depth);
      left = (retried) => a(retried) * b(retried);
    } else if (reader.take("/")) {
      const b = signed(reader, depth);
      left = (retried) => a(retried) / b(retried);
    } else return left;
  }
}

function signed(reader: Reader, depth: number): Node {
  if (depth > maxDepth) throw new RetryExpressionError("The expression is nested too deeply.");
  if (reader.take("-")) {
    const value = signed(reader, depth + 1);
    return (retried) => -value(retried);
  }
  if (reader.take("+")) return signed(reader, depth + 1);
  return primary(reader, depth);
}

function primary(reader: Reader, depth: number): Node {
  if (reader.take("(")) {
    const inner = sum(reader, depth + 1);
    reader.expect(")");
    return inner;
  }
  const token = reader.peek();
  if (token === undefined || !/^[\w.]/.test(token)) throw reader.unexpected();
  reader.next();
  if (/^[\d.]/.test(token)) {
    const value = Number(token);
    return () => value;
  }
  if (token === "retried") return (retried) => retried;
  return call(reader, { name: token, depth });
}

function call(reader: Reader, { name, depth }: { name: string; depth: number }): Node {
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (known === undefined) {
    throw new RetryExpressionError(
      `Unknown name "${name}"; known are retried and ${Object.keys(functions).join(", ")}.`,
    );
  }
  reader.expect("(");
  const first = sum(reader, depth + 1);
  let second: Node = () => 0;
  if (known.arity === 2) {
    reader.expect(",");
    second = sum(reader, depth + 1);
  }
  reader.expect(")");
  return (retried) => known.apply(first(retried), second(retried));
}

class Reader {
  readonly #tokens: readonly string[];
  #position = 0;

  constructor(source: string) {
    this.#tokens = tokenize(source);
  }

  peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  next(): void {
    this.#position += 1;
  }

  take(token: string): boolean {
    if (this.peek() !== token) return false;
    this.#position += 1;
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.unexpected(token);
  }

  unexpected(wanted?: string): RetryExpressionError {
    const found = this.peek() === undefined ? "the end" : `"${this.peek()}"`;
    const hint = wanted === undefined ? "" : `, "${wanted}" is due there`;
    return new RetryExpressionError(`Unexpected ${found} at token ${this.#position + 1}${hint}.`);
  }
}

function tokenize(source: string): string[] {
  const tokens: string[] = [];
  const token = /\s*((?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[A-Za-z_]\w*|[-+*/(),])/y;
  const end = source.trimEnd().length;
  while (token.lastIndex < end) {
    const start = token.lastIndex;
    const found = token.exec(source)?.[1];
    if (found === undefined) {
      throw new RetryExpressionError(`Unexpected character after position ${start}.`);
    }
    tokens.push(found);
  }
  return tokens;
}
