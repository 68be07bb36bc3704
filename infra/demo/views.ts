/** Shows a demo while it runs: redrawn in place on a terminal, line by line anywhere else. */
import { stripVTControlCharacters, styleText } from "node:util";
import type { AgentState, Board, Happening } from "./board.ts";
import { sentence } from "./sentences.ts";

export interface View {
  readonly happened: (happening: Happening, board: Board) => void;
  /** Draws the last state and leaves the screen to what is printed next. May be called twice. */
  readonly end: () => void;
}

/** The part of a terminal or file that a view needs. */
export interface Screen {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const REDRAW_MS = 80;
const LOG_LINES = 6;
const BAR_WIDTH = 30;

export function viewFor(screen: Screen, env: Readonly<Record<string, string | undefined>>): View {
  const animated = screen.isTTY === true && !env["CI"] && env["TERM"] !== "dumb";
  return animated ? liveView(screen) : plainView(screen);
}

function plainView(screen: Screen): View {
  const started = Date.now();
  return {
    happened: (happening) => {
      const line = sentence(happening);
      if (line !== undefined) screen.write(`${seconds(started)}  ${line}\n`);
    },
    end: () => undefined,
  };
}

function liveView(screen: Screen): View {
  const started = Date.now();
  const log: string[] = [];
  let drawn = 0;
  let board: Board | undefined;
  const draw = () => {
    if (!board) return;
    const width = (screen.columns || 80) - 1;
    const lines = [...frame(board, seconds(started)), "", ...log].map((line) => cut(line, width));
    const up = drawn > 0 ? `\u001B[${drawn}A` : "";
    screen.write(`${up}${lines.map((line) => `\u001B[2K${line}\n`).join("")}\u001B[J`);
    drawn = lines.length;
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    happened: (happening, now) => {
      board = now;
      const line = sentence(happening);
      if (line !== undefined) log.push(`${seconds(started)}  ${line}`);
      if (log.length > LOG_LINES) log.shift();
    },
    end: () => {
      clearInterval(timer);
      draw();
      board = undefined;
    },
  };
}

/** The board as lines of text; `elapsed` is shown as it is. */
export function frame(board: Board, elapsed: string): string[] {
  const filled = board.tasks === 0 ? 0 : Math.round((board.completed / board.tasks) * BAR_WIDTH);
  const bar = styleText("green", "█".repeat(filled)) + "░".repeat(BAR_WIDTH - filled);
  const counts = [
    `${board.completed}/${board.tasks} tasks`,
    ...(board.failed > 0 ? [`${board.failed} failed`] : []),
    ...(board.requeues > 0 ? [`${board.requeues} handed out again`] : []),
  ];
  return [
    `${bar}  ${counts.join(", ")}  ${elapsed}`,
    "",
    ...[...board.agents].map(([name, agent]) => agentLine(name, agent)),
  ];
}

function agentLine(name: string, { role, state, doing, done }: AgentState): string {
  const color = { starting: "gray", waiting: "gray", working: "cyan", killed: "red" } as const;
  const mark = { starting: "·", waiting: "·", working: "▶", killed: "✖" }[state];
  const text = `${mark} ${name.padEnd(12)} ${state.padEnd(8)} ${doing}`;
  return `${styleText(color[state], text)}${role === "orchestrator" ? "" : `  [${done} done]`}`;
}

function seconds(started: number): string {
  return `${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s`;
}

/** A line that wraps would spoil the redrawing. Colours are dropped where it must be cut. */
function cut(line: string, width: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= width ? line : `${plain.slice(0, width - 1)}…`;
}
