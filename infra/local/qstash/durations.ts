// Reads durations as Go writes them (`6m5s`) and as QStash headers write them (`1d10h30m`).

/**
 * Reads the format of Go's `time.ParseDuration` (units ns, us, µs, ms, s, m, h; fractions and a
 * sign allowed; `0` alone allowed). Gives milliseconds, or undefined for anything else.
 */
export function parseGoDuration(text: string): number | undefined {
  const sign = text.startsWith("-") ? -1 : 1;
  const unsigned = text.replace(/^[-+]/, "");
  if (unsigned === "0") return 0;
  const sum = sumOf(unsigned, goUnits);
  return sum === undefined ? undefined : sign * sum;
}

/**
 * Reads a QStash delay, time-out or period: as above, with days and without a sign.
 * Gives milliseconds, or undefined for anything else.
 */
export function parseQstashDuration(text: string): number | undefined {
  return sumOf(text, qstashUnits);
}

const goUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // Both spellings of micro: the micro sign and the Greek letter.
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const qstashUnits: Readonly<Record<string, number>> = { ...goUnits, d: 86_400_000 };

function sumOf(text: string, units: Readonly<Record<string, number>>): number | undefined {
  if (text === "") return undefined;
  const part = /(\d+\.?\d*|\.\d+)([^\d.]+)/y;
  let sum = 0;
  while (part.lastIndex < text.length) {
    const found = part.exec(text);
    const unit = units[found?.[2] ?? ""];
    if (found === null || unit === undefined) return undefined;
    sum += Number(found[1]) * unit;
  }
  return sum;
}
