/** Levenshtein's distance: insertions, deletions and replacements of one character. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, a] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, b] of [...to].entries()) {
      next.push(Math.min(row[j]! + (a === b ? 0 : 1), row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

/** The `count` words that are spelt most like `word`, the nearest first: what a message offers after a spelling mistake. */
export const nearest = (word: string, words: Iterable<string>, count: number): readonly string[] =>
  [...words]
    .map((each) => ({ each, far: distance(word, each) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ each }) => each);
