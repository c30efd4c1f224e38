import { canonical, parseStatements, type Statement } from '../bird/statements.ts';
import { byBytes } from '../core/order.ts';

/** One way in which a case differs from its goldens; the first of a list is the one to look at first. */
export type Difference =
  | { readonly kind: 'missing' | 'unexpected' | 'unstable'; readonly path: string }
  | { readonly kind: 'statements' | 'bytes'; readonly path: string; readonly detail: string }
  | { readonly kind: 'exit' | 'refused'; readonly path: string; readonly detail: string };

type Files = ReadonlyMap<string, string>;

const shown = (statement: Statement | undefined): string =>
  statement ? `\`${statement.words}${statement.body ? ' {' : ';'}\`` : 'nothing more';

/** The first statement that differs, inside its bodies: the words that lead to it, its line, both texts. Null when none does. */
function firstStatement(want: readonly Statement[], got: readonly Statement[], within = ''): string | null {
  const length = Math.max(want.length, got.length);
  for (let i = 0; i < length; i++) {
    const [w, g] = [want[i], got[i]];
    if (w && g && canonical(w) === canonical(g)) continue;
    if (w?.body && g?.body && w.words === g.words) return firstStatement(w.body, g.body, `${within}${w.words}: `);
    return `${within}${g ? `line ${g.line}` : 'at the end'}: expected ${shown(w)}, found ${shown(g)}`;
  }
  return null;
}

/** The first line that differs, of a text that is no BIRD configuration. */
function firstLine(want: string, got: string): string {
  const [wanted, found] = [want.split('\n'), got.split('\n')];
  const i = found.findIndex((line, at) => line !== wanted[at]);
  const at = i < 0 ? found.length : i;
  return `line ${at + 1}: expected \`${wanted[at] ?? ''}\`, found \`${found[at] ?? ''}\``;
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
    if (path.endsWith('.yaml')) {
      differences.push({ kind: 'bytes', path, detail: firstLine(want, got) });
      continue;
    }
    const statement = firstStatement(parseStatements(want), parseStatements(got));
    const detail = statement ?? `the statements are the same; comments or layout differ: ${firstLine(want, got)}`;
    differences.push({ kind: statement ? 'statements' : 'bytes', path, detail });
  }
  return differences;
}
