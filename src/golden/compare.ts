import { canonical, parseStatements } from '../bird/statements.ts';
import { byBytes } from '../core/order.ts';

/** One way in which a case differs from its goldens; the first of a list is the one to look at first. */
export type Difference =
  | { readonly kind: 'missing' | 'unexpected' | 'unstable'; readonly path: string }
  | { readonly kind: 'statements' | 'bytes'; readonly path: string; readonly detail: string }
  | { readonly kind: 'exit' | 'refused'; readonly path: string; readonly detail: string };

type Files = ReadonlyMap<string, string>;

/** The first statement that differs, with its line; null when only comments or layout do. */
function firstStatement(golden: string, actual: string): string | null {
  const want = parseStatements(golden);
  const got = parseStatements(actual);
  for (let i = 0; i < Math.max(want.length, got.length); i++) {
    const [w, g] = [want[i], got[i]];
    if (w && g && canonical(w) === canonical(g)) continue;
    const at = g ? `line ${g.line}` : 'at the end';
    return `${at}: expected ${w ? `\`${w.words}\`` : 'nothing more'}, found ${g ? `\`${g.words}\`` : 'nothing more'}`;
  }
  return null;
}

/** File sets first, then statements, then bytes. */
export function compareFiles(golden: Files, actual: Files): readonly Difference[] {
  const differences: Difference[] = [];
  const paths = [...new Set([...golden.keys(), ...actual.keys()])].sort(byBytes);
  for (const path of paths) {
    if (!actual.has(path)) differences.push({ kind: 'missing', path });
    else if (!golden.has(path)) differences.push({ kind: 'unexpected', path });
  }
  for (const path of paths) {
    const [want, got] = [golden.get(path), actual.get(path)];
    if (want === undefined || got === undefined || want === got) continue;
    const statement = path.endsWith('.yaml') ? null : firstStatement(want, got);
    const detail = statement ?? 'the statements are the same; comments or layout differ';
    differences.push({ kind: statement ? 'statements' : 'bytes', path, detail });
  }
  return differences;
}
