import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildNodeBgp } from '../../src/bgp/node-bgp.ts';
import { checkConfig } from '../../src/bird/check.ts';
import { definitionsOf, neighborOf } from '../../src/bird/definitions.ts';
import { holdBackFiles } from '../../src/bird/hold-back.ts';
import { inventoryOf, poolActionChanges } from '../../src/bird/inventory.ts';
import { meaningOf } from '../../src/bird/meaning.ts';
import { statementDigests } from '../../src/bird/statements.ts';
import type { NamedText } from '../../src/core/named-text.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { builtInTemplates, readTemplates } from '../../src/host/read-templates.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import type { Layout } from '../../src/render/view.ts';
import { expandIncludes } from '../../src/render/whole.ts';
import { anyCluster, anyEntry } from '../bgp/any-cluster.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { selfFor } from '../support/self.ts';

type Entries = readonly (readonly [key: string, value: string])[];

const environment = new Environment(await readTemplates(builtInTemplates(), 'bird1'));
const FAMILIES = [4, 6] as const;

function filesOf(entries: Entries, family: 4 | 6, layout: Layout): readonly NamedText[] {
  const resources = new ResourcesDecoder('self', new Map()).decode(new TestStore('self', entries).snapshot());
  const { value } = buildNodeBgp(resources, selfFor('self'));
  return renderFamily(environment, value!.family(family, null).value, { layout, version: '0' }).files;
}
const textOf = (entries: Entries, family: 4 | 6): string => filesOf(entries, family, 'single')[0]!.text;

/** The same for a configuration in one file. */
const holdBack = (live: string, desired: string): string =>
  holdBackFiles([{ name: '', text: live }], [{ name: '', text: desired }])[0]!.text;

/** Two clusters that have nothing to do with each other, or of which the second is the first with some entries put or gone. */
const anyChange = anyCluster.chain((live) =>
  fc.tuple(
    fc.constant(live),
    fc.oneof(
      anyCluster,
      fc
        .tuple(fc.array(anyEntry, { maxLength: 3 }), fc.subarray(live.slice(1)))
        .map(([put, kept]) => [...new Map([live[0]!, ...kept, ...put])]),
    ),
  ),
);

async function accepted(files: readonly NamedText[], family: 4 | 6): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-hold-'));
  try {
    for (const { name, text } of files) await writeFile(join(dir, name), text);
    const configFile = join(dir, files[0]!.name);
    await checkConfig({ binary: family === 4 ? 'bird' : 'bird6', configFile, signal: new AbortController().signal });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The new sessions of `desired` that can stand beside those of `live`: the same AS and the same parameters, and a neighbor of their own. */
function mustCome(live: string, desired: string): readonly string[] {
  const [old, wanted] = [live, desired].map((text) => definitionsOf([text])) as [
    ReturnType<typeof definitionsOf>,
    ReturnType<typeof definitionsOf>,
  ];
  const spoken = new Set([...old.values()].map((each) => neighborOf(each, old)));
  const localAs = (text: string) => /^template bgp [\s\S]*?(local as \d+)/m.exec(text)?.[1];
  if (localAs(live) !== localAs(desired)) return [];
  const sameHeads = (uses: readonly string[]) =>
    uses.every((name) => !old.has(name) || old.get(name)?.statement.words === wanted.get(name)?.statement.words);
  return meaningOf(live, desired).added.filter((name) => {
    const definition = wanted.get(name);
    if (!definition?.statement.words.startsWith('protocol bgp ')) return false;
    return !spoken.has(neighborOf(definition, wanted)) && sameHeads(definition.uses);
  });
}

describe('any change, held back', () => {
  it('removes nothing, restarts nothing, treats no pool in another way, and lets what is new in', () => {
    let sessions = 0;
    fc.assert(
      fc.property(anyChange, fc.constantFrom(...FAMILIES), ([one, other], family) => {
        const [live, desired] = [textOf(one, family), textOf(other, family)];
        const merged = holdBack(live, desired);
        const { added, removed, restarted, needsRestart } = meaningOf(live, merged);
        expect({ removed, restarted, needsRestart }).toEqual({ removed: [], restarted: [], needsRestart: false });
        const [before, wanted, after] = [live, desired, merged].map(inventoryOf);
        expect(poolActionChanges(before!, after!)).toEqual([]);
        const kept = [
          [before!.sessions, after!.sessions],
          [[...before!.blocks, ...wanted!.blocks], after!.blocks],
          [before!.pools.keys(), after!.pools],
        ] as const;
        expect(kept.flatMap(([names, left]) => [...names].filter((name) => !left.has(name)))).toEqual([]);
        const come = mustCome(live, desired);
        sessions += come.length;
        expect(come.filter((name) => !added.includes(name))).toEqual([]);
        expect(holdBack(live, live)).toBe(live);
        expect(holdBack(merged, desired)).toBe(merged);
      }),
      { numRuns: 100 },
    );
    expect(sessions).toBeGreaterThan(0);
  });

  it('is a configuration that BIRD takes', async () => {
    await fc.assert(
      fc.asyncProperty(anyChange, fc.constantFrom(...FAMILIES), async ([one, other], family) => {
        const merged = holdBack(textOf(one, family), textOf(other, family));
        await accepted([{ name: 'bird.conf', text: merged }], family);
      }),
      { numRuns: 40 },
    );
  });

  it('is the same file by file', async () => {
    await fc.assert(
      fc.asyncProperty(anyChange, fc.constantFrom(...FAMILIES), async ([one, other], family) => {
        const [live, desired] = [filesOf(one, family, 'calico'), filesOf(other, family, 'calico')];
        const merged = holdBackFiles(live, desired);
        expect(merged.map(({ name }) => name)).toEqual(live.map(({ name }) => name));
        expect(merged[0]!.text.match(/^include .*$/gm)).toEqual(live[0]!.text.match(/^include .*$/gm));
        const whole = holdBack(textOf(one, family), textOf(other, family));
        expect([...statementDigests(expandIncludes(merged))].sort()).toEqual([...statementDigests(whole)].sort());
        await accepted(merged, family);
      }),
      { numRuns: 30 },
    );
  });

  it('is what is there when things only go', () => {
    fc.assert(
      fc.property(
        anyCluster,
        fc.constantFrom(...FAMILIES),
        fc.infiniteStream(fc.boolean()),
        (entries, family, coins) => {
          const live = textOf(entries, family);
          const flip = (text: string) => (coins.next().value ? text : '');
          const desired = live
            .replace(/^protocol bgp [\s\S]*?^\}$/gm, flip)
            .replace(/^ *(route|if \(\s?net) .*$/gm, flip)
            .replace(/^listen .*$/gm, flip);
          expect(holdBack(live, desired)).toBe(live);
        },
      ),
      { numRuns: 60 },
    );
  });
});

const LIVE = `# ours
function calico_aggr() {
  if ( net = 10.48.0.0/26 ) then { accept; }
  if ( net ~ 10.48.0.0/26 ) then { reject; }
}
function calico_export_to_bgp_peers(bool internal_peer) {
  calico_aggr();
  # the pools
  if (net ~ 10.48.0.0/16) then { accept; }
}
filter calico_kernel_programming {
  krt_metric = 1024;
  if (net ~ 10.48.0.0/16) then { reject; }
  accept;
}
protocol kernel { export filter calico_kernel_programming; }
protocol device { }
protocol static { route 10.48.0.0/26 blackhole; }
template bgp bgp_template { local as 64512; multihop; }
protocol bgp Mesh_10_0_0_2 from bgp_template { neighbor 10.0.0.2 as 64512; password "old"; export filter { calico_export_to_bgp_peers(true); reject; }; }
`;

describe('holdBack', () => {
  const changed = (...changes: readonly (readonly [string, string])[]) =>
    changes.reduce((text, [from, to]) => {
      expect(text).toContain(from);
      return text.replace(from, to);
    }, LIVE);
  const session = (name: string, address: string) =>
    `# new\nprotocol bgp ${name} from bgp_template { neighbor ${address} as 64512; }\n`;

  it('keeps a session as it is: options, password, filter, and what its template and functions say', () => {
    const desired = changed(
      ['"old"', '"new"'],
      ['local as 64512', 'local as 64599'],
      ['(true); reject;', '(true); accept;'],
      ['krt_metric = 1024', 'krt_metric = 2048'],
    );
    expect(holdBack(LIVE, desired)).toBe(LIVE);
  });

  it('lets a session in, with the comment before it and the function that it needs', () => {
    const more = `function fresh() { reject; }\n${session('Mesh_10_0_0_3', '10.0.0.3').replace('as 64512;', 'as 64512; export filter { fresh(); };')}`;
    expect(holdBack(LIVE, LIVE.replace('protocol bgp Mesh', `${more}protocol bgp Mesh`))).toBe(
      LIVE.replace(/(?<=multihop; \}\n)/, more),
    );
  });

  it('does not let a second session to a neighbor in: BIRD would close the first', () => {
    const desired = changed(['Mesh_10_0_0_2', 'Node_10_0_0_2']);
    expect(holdBack(LIVE, desired)).toBe(LIVE);
    const port = LIVE + session('Node_10_0_0_2', '10.0.0.2 port 1179');
    expect(holdBack(LIVE, port)).toBe(port);
  });

  it('does not let a session in that calls a function in another way than live defines it', () => {
    const desired = changed(['(bool internal_peer)', '(bool a; bool b)'], ['peers(true)', 'peers(true, true)']);
    const more = session('Mesh_10_0_0_3', '10.0.0.3').replace(
      'as 64512;',
      'as 64512; export filter { calico_export_to_bgp_peers(true, true); };',
    );
    expect(holdBack(LIVE, desired + more)).toBe(LIVE);
  });

  it('does not let a session of another AS in, which would be one of the old AS there', () => {
    const desired = changed(['local as 64512', 'local as 64599']);
    expect(holdBack(LIVE, desired + session('Mesh_10_0_0_3', '10.0.0.3'))).toBe(LIVE);
  });

  it('lets a block in: its route and the rules for what is in it', () => {
    const rules = '\n  if ( net = 10.48.1.0/26 ) then { accept; }\n  if ( net ~ 10.48.1.0/26 ) then { reject; }';
    const desired = changed(
      ['10.48.0.0/26 ) then { reject; }', `10.48.0.0/26 ) then { reject; }${rules}`],
      ['route', 'route 10.48.1.0/26 blackhole; route'],
    );
    expect(holdBack(LIVE, desired)).toBe(desired);
  });

  it('lets a pool in, and not a rule that changes another', () => {
    const rule = (cidr: string) => `\n  if (net ~ ${cidr}) then { reject; }`;
    const desired = changed(['krt_metric = 1024;', `krt_metric = 1024;${rule('10.52.0.0/16')}`]);
    expect(holdBack(LIVE, desired)).toBe(desired);
    for (const cidr of ['10.0.0.0/8', '10.48.5.0/24', '10.48.0.0/16'])
      expect(holdBack(LIVE, changed(['krt_metric = 1024;', `krt_metric = 1024;${rule(cidr)}`]))).toBe(LIVE);
  });

  it('lets no other kind of protocol, socket or identity in', () => {
    const desired = `router id 1.1.1.1;\nlisten bgp port 1179;\n${LIVE}protocol kernel { }\nprotocol direct { }\n`;
    expect(holdBack(LIVE, desired)).toBe(LIVE);
  });
});
