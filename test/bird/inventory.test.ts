import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inventoryOf, poolActionChanges } from '../../src/bird/inventory.ts';
import { expandIncludes } from '../../src/render/whole.ts';
import { actionsOf } from '../conformance/meaning.ts';
import { readIfThere, releaseCases, renderCase } from '../conformance/releases.ts';

const OURS = `
template static static_template { route 10.48.0.0/26 blackhole; route 10.96.0.0/12 blackhole; }
protocol static from static_template { }
function told() { if ( net ~ 10.48.0.0/16 ) then { bgp_community.add((65000, 1)); } }
function calico_aggr() { if ( net = 10.48.0.0/26 ) then { accept; } if ( net ~ 10.48.0.0/26 ) then { reject; } }
function calico_export_to_bgp_peers(bool internal_peer) {
  if (net ~ 10.52.0.0/16) then { reject; }
  told(); calico_aggr();
  if ( net ~ 10.96.0.0/12 ) then { accept; }
  if (net ~ 10.48.0.0/16) then { accept; }
}
filter calico_kernel_programming {
  if ( net ~ 10.96.0.0/12 ) then { reject; }
  if (net ~ 10.48.0.0/16) then { krt_tunnel="tunl0"; accept; }
  accept;
}
protocol kernel { import all; export filter calico_kernel_programming; }
template bgp bgp_template { local as 64512; }
protocol bgp Mesh_10_0_0_2 from bgp_template { neighbor 10.0.0.2 as 64512; }
protocol bgp Mesh_10_0_0_3 from bgp_template { neighbor 10.0.0.3 as 64512; }
`;

/** As Calico wrote it while it read etcd v2. */
const OLD = `
filter calico_pools { calico_aggr(); if ( net ~ 10.48.0.0/16 ) then { accept; } reject; }
filter calico_ipip { if ( net ~ 10.48.0.0/16 ) then { krt_tunnel = "tunl0"; accept; } accept; }
protocol kernel { import all; export filter calico_ipip; }
protocol bgp Mesh_10_0_0_2 { local as 1; neighbor 10.0.0.2 as 1; export filter calico_pools; }
`;

describe('inventoryOf', () => {
  it('counts sessions, static routes and pools', () => {
    const { sessions, blocks, pools } = inventoryOf(OURS);
    expect([...sessions]).toEqual(['Mesh_10_0_0_2', 'Mesh_10_0_0_3']);
    expect([...blocks].sort()).toEqual(['10.48.0.0/26', '10.96.0.0/12']);
    expect(Object.fromEntries(pools)).toEqual({
      '10.48.0.0/16': 'kernel: krt_tunnel = "tunl0"; accept; peers: bgp_community.add ( ( 65000 , 1 ) ); accept;',
      '10.52.0.0/16': 'kernel: accept; peers: reject;',
      '10.96.0.0/12': 'kernel: reject; peers: accept;',
    });
  });

  it('reads what Calico wrote in former times', () => {
    expect(Object.fromEntries(inventoryOf(OLD).pools)).toEqual({
      '10.48.0.0/16': 'kernel: krt_tunnel = "tunl0"; accept; peers: accept;',
    });
  });

  it('finds nothing where there is nothing', () => {
    expect(inventoryOf('')).toEqual({ sessions: new Set(), blocks: new Set(), pools: new Map() });
  });
});

describe('poolActionChanges', () => {
  const changes: readonly (readonly [string, string, string, readonly string[]])[] = [
    ['nothing', 'protocol', 'protocol', []],
    ['tunnel', 'krt_tunnel="tunl0"; accept;', 'accept;', ['10.48.0.0/16']],
    ['export', '{ reject; }\n  told', '{ accept; }\n  told', ['10.52.0.0/16']],
    ['kernel', '(net ~ 10.48.0.0/16) then { krt_tunnel="tunl0"; accept; }', '(false) then { }', ['10.48.0.0/16']],
    ["the filter's end", '  accept;\n}\nprotocol kernel', '  reject;\n}\nprotocol kernel', ['10.52.0.0/16']],
    [
      'a wider pool before it',
      '  if (net ~ 10.48',
      '  if (net ~ 10.0.0.0/8) then { reject; }\n  if (net ~ 10.48',
      ['10.48.0.0/16'],
    ],
    ['a narrower pool', '  if (net ~ 10.48', '  if (net ~ 10.48.0.0/24) then { reject; }\n  if (net ~ 10.48', []],
    ['a rule that does nothing', 'function told() {', 'function told() { if ( net ~ 10.52.0.0/16 ) then { }', []],
    [
      'a block more',
      'function calico_aggr() {',
      'function calico_aggr() { if ( net = 10.48.1.0/26 ) then { accept; }',
      [],
    ],
  ];
  it.each(changes)('%s', (_what, from, to, cidrs) => {
    expect(OURS).toContain(from);
    expect(poolActionChanges(inventoryOf(OURS), inventoryOf(OURS.replace(from, to)))).toEqual(cidrs);
  });

  it('looks into functions, and not at parentheses', () => {
    const before = OURS.replace('krt_tunnel="tunl0";', 'if (defined(source) && (source = 1)) then krt_tunnel="";');
    const after = before
      .replace('(defined(source) && (source = 1))', 'defined(source) && ( source = 1 )')
      .replace('if (net ~ 10.52.0.0/16) then { reject; }', 'reject_disabled_pools();');
    const disabled = 'function reject_disabled_pools () { if ( net ~ 10.52.0.0/16 ) then { reject; } }';
    expect(poolActionChanges(inventoryOf(before), inventoryOf(disabled + after))).toEqual([]);
    expect(poolActionChanges(inventoryOf(before), inventoryOf(after.replace('source = 1', 'source = 2')))).toEqual([
      '10.48.0.0/16',
    ]);
  });

  it('leaves it to the pools themselves to tell that one is gone', () => {
    const without = OURS.replace('  if (net ~ 10.52.0.0/16) then { reject; }', '');
    expect(poolActionChanges(inventoryOf(OURS), inventoryOf(without))).toEqual([]);
    expect(inventoryOf(without).pools.has('10.52.0.0/16')).toBe(false);
  });
});

describe('what other hands wrote', () => {
  const goldens = fileURLToPath(new URL('../../fixtures', import.meta.url));
  const mains = readdirSync(goldens, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /out[^/]*\/.*\/bird6?\.conf$/.test(path),
  );

  it('counts each session and static route of every golden', () => {
    expect(mains.length).toBeGreaterThan(100);
    for (const path of mains) {
      const text = readFileSync(join(goldens, path), 'utf8');
      const { sessions, blocks } = inventoryOf(text);
      expect(sessions.size, path).toBe(text.match(/^protocol bgp /gm)?.length ?? 0);
      expect(blocks.size, path).toBe(new Set(text.match(/^ *route \S+/gm)).size);
    }
  });

  /** What a daemon reads, from a folder in Calico's layout, less what only Calico's BIRD knows. */
  const read = (dir: string, daemon: string) =>
    expandIncludes(
      [`${daemon}.cfg`, `${daemon}_aggr.cfg`, `${daemon}_ipam.cfg`].map((name) => ({
        name,
        text: readIfThere(dir, name),
      })),
    )
      .replace(/if \(?\s*defined\(bgp_next_hop\)[^;]*krt_tunnel\s*=\s*"[^"]*";\s*else\s/g, '')
      .replace(/krt_tunnel\s*=\s*"[^"]*";/g, '');

  it.each(releaseCases().filter((_, i) => i % 8 === 0))(
    '$release/$name: Calico and we do the same with each pool',
    async ({ dir }) => {
      const ours = await renderCase(dir);
      for (const daemon of ['bird', 'bird6']) {
        const [theirs, mine] = [join(dir, 'expected'), ours].map((folder) => inventoryOf(read(folder, daemon)));
        expect(poolActionChanges(theirs!, mine!)).toEqual([]);
        expect([...mine!.pools.keys()].sort()).toEqual([...theirs!.pools.keys()].sort());
        const exported = actionsOf(read(join(dir, 'expected'), daemon), /^function calico_export_to_bgp_peers/);
        for (const [cidr, action] of exported) {
          const effect = theirs!.pools.get(cidr);
          if (effect) expect(effect, dirname(dir)).toContain(`peers: ${action};`);
        }
      }
    },
  );
});
