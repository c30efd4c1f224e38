import { parseStatements, type Statement } from '../bird/statements.ts';
import { withoutPasswords } from '../bird/syntax.ts';
import { messageOf } from '../core/errors.ts';
import { prefixesFor } from '../core/keys.ts';
import type { Entry, Snapshot } from '../datastore/datastore.ts';
import type { Block, RenderedFile } from '../render/bundle.ts';
import type { Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { prepareTargets } from './prepare-bgp.ts';
import { readOnce } from './read-once.ts';
import { tellDiagnostics } from './tell-diagnostics.ts';

/** A resource that had a part in a statement. */
interface Source {
  readonly key: string;
  /** The datastore's own: etcd's mod_revision, a digest for files. */
  readonly revision: string;
  /** "etcd", or file:line. */
  readonly origin: string;
  /** The resource's spec, or its whole value where it has none; a Secret's is not shown. */
  readonly spec: unknown;
}

interface Explanation {
  readonly file: string;
  /** 1-based, of the first of the lines. */
  readonly line: number;
  readonly lines: readonly string[];
  readonly sources: readonly Source[];
}

/** What a top-level statement is asked for by: `protocol bgp NAME`, `function 'NAME'`, `filter NAME`. */
const isNamed = ({ words }: Statement, name: string): boolean =>
  words.split(' ').some((word) => word.replaceAll("'", '') === name) &&
  /^(protocol|function|filter|template) /.test(words);

const mentions = (line: string, name: string): boolean =>
  !line.startsWith('#') && line.split(/[\s(),;]+/).includes(name);

/** The lines of a block that are about `name`: a whole protocol, function or filter; of a range, each line that names it. 1-based. */
function linesAbout(text: string, name: string): readonly number[] {
  const lines = text.split('\n');
  const statements = parseStatements(text);
  const at = statements.findIndex((statement) => isNamed(statement, name));
  const found = statements[at];
  if (!found) return lines.flatMap((line, i) => (name.includes('/') && mentions(line, name) ? [i + 1] : []));
  const end = (statements[at + 1]?.line ?? lines.length + 1) - 1;
  const all = Array.from({ length: end - found.line + 1 }, (_, i) => found.line + i);
  return all.slice(0, all.findLastIndex((n) => lines[n - 1] === '}') + 1 || all.length);
}

function sourceOf(snapshot: Snapshot, node: string, key: string): readonly Source[] {
  const prefix = prefixesFor(node).find((each) => key.startsWith(each));
  const entry: Entry | undefined = prefix === undefined ? undefined : snapshot.entries(prefix).get(key);
  if (!entry) return [];
  let spec: unknown = null;
  try {
    const value = JSON.parse(entry.value || '{}');
    spec = key.includes('ecret') ? '[redacted]' : (value.spec ?? value);
  } catch {
    // Many values of the v1 layout are plain text.
    spec = key.startsWith('/calico/bgp/v1/') ? entry.value : 'no JSON: the last valid value is in effect';
  }
  return [{ key, revision: entry.version, origin: entry.origin, spec }];
}

/** Of a block that many resources made, those that name the range; of a session's block, all. */
function sourcesOf(block: Block, name: string, sources: (key: string) => readonly Source[]): readonly Source[] {
  const all = block.origins.flatMap(sources);
  const naming = all.filter(
    ({ key, spec }) => key.endsWith(name.replace('/', '-')) || JSON.stringify(spec).includes(name),
  );
  return name.includes('/') ? naming : all;
}

function explainFile(file: RenderedFile, name: string, sources: (key: string) => readonly Source[]): Explanation[] {
  const explanations: Explanation[] = [];
  let before = 0;
  for (const block of file.blocks) {
    const numbers = linesAbout(block.text, name);
    const lines = block.text.split('\n');
    if (numbers[0] !== undefined) {
      explanations.push({
        file: file.name,
        line: before + numbers[0],
        lines: numbers.map((n) => withoutPasswords(lines[n - 1] ?? '')),
        sources: sourcesOf(block, name, sources),
      });
    }
    before += lines.length - 1;
  }
  return explanations;
}

function report({ file, line, lines, sources }: Explanation): void {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`${file}:${line}`);
  for (const each of lines) say(`  ${each}`);
  say(sources.length > 0 ? 'from' : 'from no resource: it is part of every configuration\n');
  for (const { key, revision, origin, spec } of sources) {
    say(`  ${key}\n    revision ${revision} (${origin})\n    ${JSON.stringify(spec)}\n`);
  }
}

/**
 * `birdconfd explain NAME`: where a session, filter, function or range stands in this node's files, and which resources it comes
 * from, with their revisions and specs. Exit 2 when nothing of that name is rendered.
 */
export async function explainVerb(
  settings: Settings,
  name: string,
  options: { readonly json: boolean },
): Promise<number> {
  try {
    const snapshot = await readOnce(settings);
    const targets = await prepareTargets(settings, { lastGood: new Map(), runsBird: false });
    const renderings = targets.map((target) => target.render(snapshot, null));
    const sources = (key: string) => sourceOf(snapshot, settings.nodeName, key);
    const files = renderings.flatMap(({ bundle }) => bundle?.files ?? []);
    const explanations = files.flatMap((file) => explainFile(file, name, sources));
    if (options.json) process.stdout.write(`${JSON.stringify(explanations, null, 2)}\n`);
    else for (const each of explanations) report(each);
    if (explanations.length > 0) return EXIT.ok;
    tellDiagnostics(renderings.flatMap(({ diagnostics }) => diagnostics));
    process.stderr.write(`birdconfd explain: nothing that is rendered for ${settings.nodeName} has the name ${name}\n`);
    return EXIT.differences;
  } catch (error) {
    process.stderr.write(`birdconfd explain: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}
