import { describe, expect, it } from 'vitest';
import { meaningOf } from '../../src/bird/meaning.ts';
import { type Limits, type Proposal, trippedGuards } from '../../src/transaction/guards.ts';

const LIMITS: Limits = { gone: 0.25, goneAtLeast: 10, restarts: 0.5, restartsAtLeast: 10, lastPeer: true };
const OFF: Limits = {
  gone: Number.POSITIVE_INFINITY,
  goneAtLeast: 10,
  restarts: Number.POSITIVE_INFINITY,
  restartsAtLeast: 10,
  lastPeer: false,
};

interface Config {
  readonly sessions?: number;
  /** Of these sessions, the first so many have another option. */
  readonly changed?: number;
  readonly blocks?: number;
  readonly pools?: Readonly<Record<string, string>>;
}

/** A configuration of the shape that Calico's has, with just what a guard counts. */
function config({ sessions = 2, changed = 0, blocks = 0, pools = {} }: Config): string {
  const bgp = (i: number) =>
    `protocol bgp Mesh_${i} {\n  local as 64512;\n  neighbor 192.0.2.${i} as 64512;${i < changed ? '\n  passive on;' : ''}\n}\n`;
  const routes = Array.from({ length: blocks }, (_, i) => `  route 10.65.${i}.0/26 blackhole;\n`);
  const rules = Object.entries(pools).map(([cidr, action]) => `  if ( net ~ ${cidr} ) then { ${action} }\n`);
  return [
    `filter calico_kernel_programming {\n${rules.join('')}  accept;\n}\n`,
    'protocol kernel {\n  export filter calico_kernel_programming;\n}\n',
    `protocol static {\n${routes.join('')}}\n`,
    ...Array.from({ length: sessions }, (_, i) => bgp(i)),
  ].join('');
}

const TUNNEL = { '10.0.0.0/16': 'krt_tunnel = "tunl0"; accept;' };
const REJECT = { '10.0.0.0/16': 'reject;' };

/** A plan from one to the other, on a node where all is known and nothing was read anew, unless `more` says else. */
function proposal(from: Config | string, to: Config, more: Partial<Proposal> = {}): Proposal {
  const [before, after] = [typeof from === 'string' ? from : config(from), config(to)];
  const release = { now: '3.33', confirmed: '3.33' };
  return { before, after, meaning: meaningOf(before, after), takeover: null, isReread: false, release, ...more };
}
const kinds = (...given: Parameters<typeof proposal>) =>
  trippedGuards(proposal(...given), LIMITS).map(({ kind }) => kind);

describe('trippedGuards', () => {
  it('lets through what changes nothing, and what only adds', () => {
    expect(kinds({}, {})).toEqual([]);
    const more = { sessions: 50, blocks: 50, pools: TUNNEL };
    expect(kinds({}, more, { isReread: true, release: { now: null, confirmed: '3.32' } })).toEqual([]);
    expect(kinds('', { sessions: 50 }, { isReread: true })).toEqual([]);
  });

  describe('no-peers', () => {
    it('trips when the last session would go, however many there were', () => {
      expect(kinds({ sessions: 1 }, { sessions: 0 })).toEqual(['no-peers']);
      const [tripped] = trippedGuards(proposal({ sessions: 8 }, { sessions: 0 }), LIMITS);
      expect(tripped?.why).toBe('no session would be left of Mesh_0, Mesh_1, Mesh_2, Mesh_3, Mesh_4 and 3 more');
    });
    it('is quiet while one is left, and where there was none', () => {
      expect(kinds({ sessions: 8 }, { sessions: 1 })).toEqual([]);
      expect(kinds({ sessions: 0 }, { sessions: 0 })).toEqual([]);
    });
    it('can be turned off', () => {
      expect(trippedGuards(proposal({ sessions: 1 }, { sessions: 0 }), OFF)).toEqual([]);
    });
  });

  describe('many-gone', () => {
    const anew = { isReread: true };
    it('trips past a quarter, but not up to ten', () => {
      expect(kinds({ sessions: 60 }, { sessions: 45 }, anew)).toEqual([]);
      expect(kinds({ sessions: 60 }, { sessions: 44 }, anew)).toEqual(['many-gone']);
      expect(kinds({ sessions: 12 }, { sessions: 2 }, anew)).toEqual([]);
      expect(kinds({ sessions: 12 }, { sessions: 1 }, anew)).toEqual(['many-gone']);
    });
    it('counts sessions, blocks and pools each by itself', () => {
      const pools = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`10.${i}.0.0/16`, 'accept;']));
      const [tripped] = trippedGuards(proposal({ blocks: 20, pools }, { blocks: 9 }, anew), LIMITS);
      expect(tripped).toEqual({
        kind: 'many-gone',
        why: '11 of 20 blocks, 11 of 11 pools are missing since the data were read anew',
      });
    });
    it('counts nothing but after a new reading', () => {
      expect(kinds({ sessions: 60 }, { sessions: 1 })).toEqual([]);
    });
    it('can be turned off', () => {
      expect(trippedGuards(proposal({ sessions: 60 }, { sessions: 1 }, anew), OFF)).toEqual([]);
    });
  });

  describe('many-restarts', () => {
    it('trips past a half of more than ten', () => {
      expect(kinds({ sessions: 12 }, { sessions: 12, changed: 6 })).toEqual([]);
      expect(kinds({ sessions: 12 }, { sessions: 12, changed: 7 })).toEqual(['many-restarts']);
      expect(kinds({ sessions: 10 }, { sessions: 10, changed: 10 })).toEqual([]);
      expect(kinds({ sessions: 11 }, { sessions: 11, changed: 6 })).toEqual(['many-restarts']);
    });
    it('can be turned off', () => {
      expect(trippedGuards(proposal({ sessions: 12 }, { sessions: 12, changed: 12 }), OFF)).toEqual([]);
    });
  });

  describe('takeover', () => {
    const first = (...running: readonly string[]) => ({
      takeover: { running },
      release: { now: '3.33', confirmed: null },
    });
    it('trips for a session that would go, from the file or from BIRD alone', () => {
      expect(kinds({ sessions: 3 }, { sessions: 2 }, first())).toEqual(['takeover']);
      expect(kinds({}, {}, first('Mesh_0', 'upstream'))).toEqual(['takeover']);
      expect(kinds({}, {}, first('Mesh_0', 'Mesh_1'))).toEqual([]);
    });
    it('trips for a session that would restart', () => {
      const [tripped] = trippedGuards(proposal({}, { changed: 1 }, first()), LIMITS);
      expect(tripped?.why).toBe('the first plan on this node would restart Mesh_0');
    });
    it("trips for another treatment of a pool's routes, which is then no matter of the release", () => {
      const turned = trippedGuards(
        proposal({ pools: TUNNEL }, { pools: REJECT }, { ...first(), release: { now: null, confirmed: null } }),
        LIMITS,
      );
      expect(turned).toEqual([
        { kind: 'takeover', why: 'the first plan on this node would change what happens to routes of 10.0.0.0/16' },
      ]);
      expect(kinds({ pools: TUNNEL }, {}, first())).toEqual(['takeover']);
    });
  });

  describe('the release', () => {
    const turned = (now: string | null, confirmed: string | null) =>
      trippedGuards(proposal({ pools: TUNNEL }, { pools: REJECT }, { release: { now, confirmed } }), LIMITS);
    it('trips where it changed together with the treatment of a pool', () => {
      expect(turned('3.33', '3.32')).toEqual([
        {
          kind: 'release-changed',
          why: 'the data went from Calico 3.32 to 3.33, whose rules would change what happens to routes of 10.0.0.0/16',
        },
      ]);
    });
    it('trips where it is not known', () => {
      expect(turned(null, '3.32').map(({ kind }) => kind)).toEqual(['release-unknown']);
      expect(turned(null, null).map(({ kind }) => kind)).toEqual(['release-unknown']);
    });
    it('is quiet where it is the same, or is known for the first time', () => {
      expect(turned('3.33', '3.33')).toEqual([]);
      expect(turned('3.33', null)).toEqual([]);
    });
    it('is quiet where no pool is concerned', () => {
      expect(kinds({ sessions: 3 }, { sessions: 2 }, { release: { now: '3.33', confirmed: '3.32' } })).toEqual([]);
    });
  });

  it('tells all that trip, in the order of their names', () => {
    const tripped = kinds({ sessions: 12 }, { sessions: 0 }, { takeover: { running: [] }, isReread: true });
    expect(tripped).toEqual(['takeover', 'no-peers', 'many-gone']);
  });
});
