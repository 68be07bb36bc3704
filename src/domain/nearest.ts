/** Finds the name that somebody probably meant, for "did you mean …?". Pure. */

/** Longer words are not compared: no name of ours is that long, and the comparison costs length × length. */
const LONGEST = 64;
/** Shorter names are not guessed. */
const GUESSED = 3;

/**
 * The candidate nearest to `word` by edit distance (insert, delete, replace, swap of neighbours; case and the choice of
 * `-`, `_` or space do not count), or undefined when none is near: at most a third of the word may differ, and never all
 * of it. One or two characters are never guessed from or to: half of such names are near to each other. The first of
 * equally near candidates wins.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST) return undefined;
  const wanted = plain(word);
  let best: string | undefined;
  let bestDistance = wanted.length < GUESSED ? 1 : Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const name = plain(candidate.slice(0, LONGEST));
    if (name.length < GUESSED && name !== wanted) continue;
    const distance = editDistance(wanted, name);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, "");
}

/** Optimal string alignment, three rows at a time. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      let distance = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) distance = Math.min(distance, at(before, column - 2) + 1);
      current.push(distance);
    }
    before = above;
    above = current;
  }
  return at(above, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}
