/** Lines that stay, and on a terminal one line below them that is drawn again and again. */

export interface Terminal {
  /** Prints a line for good. */
  readonly line: (text: string) => void;
  /** Shows the state below the lines; nothing where no one watches. */
  readonly status: (text: string) => void;
  /** Removes the status line. */
  readonly end: () => void;
}

/** The part of a stream that this needs. */
export interface Screen {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const CLEAR_LINE = "\r\u001B[2K";

export function createTerminal(
  screen: Screen,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  if (screen.isTTY !== true || env["CI"] || env["TERM"] === "dumb") {
    return {
      line: (text) => screen.write(`${text}\n`),
      status: () => undefined,
      end: () => undefined,
    };
  }
  let shown = "";
  const draw = (text: string) => {
    // A line that wraps could not be removed again.
    const room = (screen.columns ?? 80) - 1;
    screen.write(CLEAR_LINE + (text.length > room ? `${text.slice(0, room - 1)}…` : text));
    shown = text;
  };
  return {
    line: (text) => {
      screen.write(`${CLEAR_LINE}${text}\n`);
      if (shown) draw(shown);
    },
    status: draw,
    end: () => {
      if (shown) draw("");
    },
  };
}

/** For whoever watches; nothing for scripts and hooks. */
export function tellOnTerminal(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}
