import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type SourceFacts, sourceFacts } from './support/source-facts.ts';

/**
 * Who may import from whom, beside itself: the left column's room from the rooms on its right. A room is a directory of
 * src/ or a single file there. Arrows only point back up this table.
 */
const table = `
  core           |
  datastore      | core
  datamodel      | core datastore
  bgp            | core datamodel
  bird           | core
  render         | core bgp bird
  topology       | core bgp
  transaction    | core bird
  host           | core bird render transaction
  control        | core
  log            | core
  option-table   |
  given-options  | core option-table
  option-reader  | core option-table given-options
  option-values  |
  etcd-settings  | core given-options option-reader
  settings       | core datamodel render transaction option-table given-options option-reader option-values etcd-settings
  vet-custom-filter | core datastore datamodel bird settings
  open-datastore | core datastore etcd-settings settings vet-custom-filter
  plan           | core bird render
  targets        | core datastore datamodel bird render host plan
  bgp-targets    | core datastore datamodel bgp bird render host transaction settings targets
  pass           | core datastore datamodel bird render host transaction plan targets
  status         | core bird transaction pass
  reconciler     | core pass
  confd          | core datastore bird render host control plan targets pass reconciler
  service        | core datastore datamodel bird render host control transaction settings open-datastore plan targets pass status reconciler
  golden         | core datastore datamodel bgp bird render topology host confd settings plan targets bgp-targets
  cli            | core datastore datamodel bgp bird render topology host control confd log option-table given-options settings open-datastore plan targets bgp-targets pass status reconciler service golden
  main           | core settings cli
  testing        | core host golden
  testing-vitest | testing
`;

/** What the programs under scripts/ run as it is, and src/ too, so that it is written once: Node 20 runs no TypeScript. */
const UNBUNDLED = ['../../scripts/lab/lab.mjs', '../../scripts/lab/lab.d.mts'];
const isUnbundled = (path: string, specifier: string): boolean =>
  path === 'golden/converge.ts' && UNBUNDLED.includes(specifier);

/** Pure places, the files in them that are not, and the npm packages that compute and do nothing else. */
const pure = [
  { place: 'core/', effects: ['core/clock.ts'], npm: [] },
  { place: 'datamodel/', effects: [], npm: [] },
  { place: 'bgp/', effects: [], npm: [] },
  {
    place: 'bird/',
    effects: ['ask-version', 'check', 'control-socket', 'daemon-session', 'run-bird'].map((name) => `bird/${name}.ts`),
    npm: [],
  },
  { place: 'transaction/', effects: ['transaction/drive.ts'], npm: [] },
  { place: 'render/', effects: [], npm: ['handlebars', 'handlebars/runtime.js'] },
  { place: 'topology/', effects: [], npm: [] },
  { place: 'plan.ts', effects: [], npm: [] },
  { place: 'confd/functions/', effects: [], npm: [] },
  { place: 'confd/engine.ts', effects: [], npm: [] },
  { place: 'confd/handlebars-engine.ts', effects: [], npm: ['handlebars'] },
  { place: 'confd/groups.ts', effects: [], npm: [] },
] as const;

/** All that a pure place may have from Node; inspect is there for its symbol, by which a Secret prints as redacted. */
const pureBuiltins: Readonly<Record<string, readonly string[]>> = {
  'node:crypto': ['createHash', 'hash'],
  'node:net': ['isIP', 'isIPv4', 'isIPv6'],
  'node:util': ['inspect'],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const allowed = new Map(
  table
    .trim()
    .split('\n')
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .map(([room, rooms]) => [room!, rooms!.split(/\s+/)] as const),
);
const sources: ReadonlyMap<string, SourceFacts> = new Map(
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => [path, sourceFacts(readFileSync(join(root, 'src', path), 'utf8'))]),
);

const effectFiles: readonly string[] = pure.flatMap((p) => p.effects);
const targetOf = (path: string, specifier: string): string => normalize(join(dirname(path), specifier));
const roomOf = (path: string): string => path.replace(/\.ts$/, '').split('/')[0]!;

/** One line for every file that breaks a rule: what the failing test shows. */
const faults = (rule: (path: string, facts: SourceFacts) => readonly string[]): readonly string[] =>
  [...sources].flatMap(([path, facts]) => rule(path, facts).map((fault) => `src/${path}: ${fault}`));

describe('layering', () => {
  it('lets every room import only from the rooms on its row', () => {
    const found = faults((path, { imports }) => {
      const rooms = allowed.get(roomOf(path));
      if (!rooms) return ['is in no room of the table'];
      const targets = imports
        .filter((i) => i.kind === 'relative' && !isUnbundled(path, i.specifier))
        .map((i) => targetOf(path, i.specifier));
      return targets
        .filter((target) => roomOf(target) !== roomOf(path) && !rooms.includes(roomOf(target)))
        .map((target) => `imports ${target}`);
    });
    expect(found).toEqual([]);
  });

  it('has a table without arrows that point down', () => {
    const order = [...allowed.keys()];
    const down = [...allowed].flatMap(([room, rooms]) =>
      rooms
        .filter((other) => other && order.indexOf(other) >= order.indexOf(room))
        .map((other) => `${room} → ${other}`),
    );
    const unknown = [...allowed].flatMap(([, rooms]) => rooms.filter((other) => other && !allowed.has(other)));
    expect({ down, unknown }).toEqual({ down: [], unknown: [] });
  });

  it('keeps effects out of the pure places', () => {
    const found = faults((path, { imports, ambient }) => {
      const place = pure.find((p) => path.startsWith(p.place));
      if (!place || effectFiles.includes(path)) return [];
      const outside = imports.flatMap((i) => {
        if (i.kind === 'npm') return (place.npm as readonly string[]).includes(i.specifier) ? [] : [i.specifier];
        if (i.kind === 'relative') {
          const target = targetOf(path, i.specifier);
          return effectFiles.includes(target) && !i.typeOnly ? [`${target}, an effect`] : [];
        }
        return i.names.filter((name) => !pureBuiltins[i.specifier]?.includes(name)).map((n) => `${i.specifier} ${n}`);
      });
      return [...outside.map((what) => `imports ${what}`), ...[...ambient].map((what) => `uses ${what}`)];
    });
    expect(found).toEqual([]);
    const gone = effectFiles.filter((path) => !sources.has(path));
    expect(gone, 'exceptions for files that do not exist').toEqual([]);
  });

  it('reads the environment in settings.ts and exits in main.ts alone', () => {
    const found = faults((path, { imports, ambient }) => [
      ...(ambient.has('process.env') && path !== 'settings.ts' ? ['reads process.env'] : []),
      ...(ambient.has('process.exit') && path !== 'main.ts' ? ['calls process.exit'] : []),
      ...imports.filter((i) => /^(node:)?process$/.test(i.specifier)).map((i) => `imports ${i.specifier}`),
    ]);
    expect(found).toEqual([]);
  });
});

describe('source files', () => {
  it('hold at most 250 lines and no default export, and name what they import in full', () => {
    const found = faults((path, { imports, lines, hasDefaultExport }) => [
      ...(lines > 250 ? [`has ${lines} lines`] : []),
      ...(hasDefaultExport ? ['has a default export'] : []),
      ...imports
        .filter((i) => i.kind === 'relative' && !i.specifier.endsWith('.ts') && !isUnbundled(path, i.specifier))
        .map((i) => `imports ${i.specifier} without .ts`),
      ...imports
        .filter((i) => i.kind === 'builtin' && !i.specifier.startsWith('node:'))
        .map((i) => `imports ${i.specifier} without node:`),
    ]);
    expect(found).toEqual([]);
  });

  it('are read with every form of import and use that the rules speak of', () => {
    const facts = sourceFacts(`
      import type { A } from './a.ts';
      import b, { c as d } from 'node:net';
      export * from './e.ts';
      export { f } from 'f';
      const g = () => import('./g.ts');
      type H = import('./h.ts').H;
      const text = 'process.exit'; // process.exit(1)
      const i = globalThis.process.env.I, j = { console: 1 }, k = j.console;
      export { text as default };
    `);
    expect(facts.imports.map((i) => [i.specifier, i.kind, i.typeOnly, ...i.names])).toEqual([
      ['./a.ts', 'relative', true, 'A'],
      ['node:net', 'builtin', false, 'c', '*'],
      ['./e.ts', 'relative', false, '*'],
      ['f', 'npm', false, 'f'],
      ['./g.ts', 'relative', false, '*'],
      ['./h.ts', 'relative', true, '*'],
    ]);
    expect([...facts.ambient].sort()).toEqual(['globalThis', 'process.env']);
    expect(facts.hasDefaultExport).toBe(true);
  });
});

describe('README', () => {
  const readme = existsSync(join(root, 'README.md')) ? readFileSync(join(root, 'README.md'), 'utf8') : '';
  const section = readme.split(/^(?=## )/m).find((part) => part.startsWith('## How it flows'));

  it.runIf(section !== undefined)(
    'names where it tells the flow every directory of src/, and none that is not there',
    () => {
      const named = [
        ...new Set([...section!.matchAll(/(?<![\w./-])([a-z][\w-]*)\//g)].map((match) => match[1]!)),
      ].sort();
      const directories = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((e) => e.isDirectory());
      expect(named.filter((name) => existsSync(join(root, 'src', name)))).toEqual(
        directories.map((e) => e.name).sort(),
      );
      const nowhere = named.filter((name) => !existsSync(join(root, 'src', name)) && !existsSync(join(root, name)));
      expect(nowhere).toEqual([]);
    },
  );
});
