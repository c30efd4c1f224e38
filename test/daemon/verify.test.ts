import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { type BirdDaemon, type DaemonObservation, withBirdDaemon } from '../../src/bird/daemon-session.ts';
import { meaningOf } from '../../src/bird/meaning.ts';
import type { DaemonProtocol } from '../../src/bird/protocol-table.ts';
import { readConfiguration } from '../../src/bird/protocols.ts';
import { importsInDoubt, verify } from '../../src/bird/verify.ts';
import { systemClock } from '../../src/core/clock.ts';
import { eventually } from '../support/eventually.ts';

type Side = 'ours' | 'theirs';
const ADDRESS = { ours: '10.0.0.1', theirs: '10.0.0.2' } as const;

/** Two sessions would not make it clearer: one to the neighbor, and one that waits for a neighbor who never comes. */
const configOf = (side: Side, options = '', reach = 'multihop; gateway recursive') => `router id ${ADDRESS[side]};
protocol device { scan time 1; }
protocol static { route 10.48.${side === 'ours' ? 1 : 2}.0/26 blackhole; }
protocol direct { interface "eth0"; }
protocol bgp session { local as 64512; neighbor ${ADDRESS[side === 'ours' ? 'theirs' : 'ours']} as 64512; source address ${ADDRESS[side]}; ${reach}; import all; export all; graceful restart; error wait time 1,2; connect delay time 1; connect retry time 1; ${options} }
protocol bgp nobody { local as 64512; neighbor 10.0.0.9 as 64512; multihop; passive on; }
`;
const OURS = configOf('ours');
const THEIRS = configOf('theirs');
const HOLD = 'hold time 3;';
const DIRECT = 'direct';

interface Fall {
  readonly what: string;
  readonly ours?: string;
  readonly theirs?: string;
  readonly act: () => Promise<unknown>;
  /** BIRD's last error, at the first look at the session that is down. */
  readonly lastError: RegExp | null;
  readonly local: boolean;
}

describe('a session that falls while the configuration changes', () => {
  let dir: string;
  let lab: Lab;
  const birds: Partial<Record<Side, LabBird>> = {};
  const path = (side: Side, kind: string) => join(dir, `${side}.${kind}`);

  const start = async (side: Side) => {
    const files = { configFile: path(side, 'conf'), socket: path(side, 'ctl'), log: path(side, 'log') };
    birds[side] = await lab.node(side).startBird({ binary: 'bird', ...files });
  };
  const daemon = <T>(side: Side, use: (daemon: BirdDaemon) => Promise<T>) => {
    const signal = new AbortController().signal;
    return withBirdDaemon(path(side, 'ctl'), { configFile: path(side, 'conf'), signal, clock: systemClock }, use);
  };
  const configure = async (side: Side, text: string) => {
    await writeFile(path(side, 'conf'), text);
    expect((await daemon(side, (d) => d.configure())).kind).toBe('running');
  };
  const observe = () => daemon('ours', (d) => d.observe());
  const ask = (side: Side, command: string) => birds[side]!.ask(command);
  const ip = (side: Side, command: string) => lab.node(side).ip(command);
  const kill = (signal: NodeJS.Signals) => async () => process.kill(birds.theirs!.pid, signal);
  const session = (observation: DaemonObservation): DaemonProtocol =>
    observation.protocols.find(({ name }) => name === 'session')!;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-verify-'));
    lab = await labUp({
      nodes: (['ours', 'theirs'] as const).map((name) => ({ name, address: `${ADDRESS[name]}/24` })),
    });
  });
  afterEach(async () => {
    await kill('SIGCONT')().catch(() => {}); // a process that is gone is begun anew anyhow
    for (const side of ['ours', 'theirs'] as const) await ip(side, 'link set eth0 up');
    await ip('ours', `addr replace ${ADDRESS.ours}/24 dev eth0`);
  });
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });

  const up = () =>
    eventually(
      async () => {
        const observation = await observe();
        expect(session(observation)).toMatchObject({ state: 'up', importedRoutes: 2, established: true });
        return observation;
      },
      { timeoutMs: 30_000 },
    );
  /** Both begun anew with these configurations, and Established: one that was down before waits for longer and longer. */
  const established = async (ours = OURS, theirs = THEIRS): Promise<DaemonObservation> => {
    const texts = { ours, theirs };
    for (const side of ['ours', 'theirs'] as const) {
      await birds[side]?.stop();
      await writeFile(path(side, 'conf'), texts[side]);
      await start(side);
    }
    return up();
  };
  /** As `established`, for changes by which no session falls. */
  const configured = async (): Promise<DaemonObservation> => {
    if (Object.keys(birds).length === 0) return established();
    await configure('theirs', THEIRS);
    await configure('ours', OURS);
    return up();
  };

  const falls: readonly Fall[] = [
    {
      what: "our configuration restarted it, against the plan's word",
      act: () => configure('ours', configOf('ours', 'passive on;')),
      lastError: null,
      local: true,
    },
    { what: 'it was disabled here', act: () => ask('ours', 'disable session'), lastError: null, local: true },
    { what: 'it was restarted here', act: () => ask('ours', 'restart session'), lastError: null, local: true },
    {
      what: 'our limit for routes is reached',
      act: async () => {
        await configure('ours', configOf('ours', 'import limit 1 action disable;'));
        await ask('ours', 'reload in session');
      },
      lastError: /^Automatic shutdown: Route limit exceeded$/,
      local: true,
    },
    {
      what: "the neighbor's BIRD was killed",
      act: kill('SIGKILL'),
      lastError: /^(Socket: Connection (closed|reset by peer|refused)|Received: Cease)$/,
      local: false,
    },
    {
      what: "the neighbor's BIRD stopped",
      act: kill('SIGTERM'),
      lastError: /^Received: Administrative shutdown$/,
      local: false,
    },
    {
      what: 'the neighbor disabled it',
      act: () => ask('theirs', 'disable session'),
      lastError: /^Received: Administrative shutdown$/,
      local: false,
    },
    {
      what: 'the neighbor restarted it',
      act: () => ask('theirs', 'restart session'),
      lastError: /^Received: Administrative reset$/,
      local: false,
    },
    {
      what: 'the neighbor removed us',
      act: () => configure('theirs', THEIRS.replace(/^protocol bgp session .*\n/m, '')),
      lastError: /^Received: Peer de-configured$/,
      local: false,
    },
    {
      what: 'the neighbor was reconfigured',
      act: () => configure('theirs', configOf('theirs', 'passive on;')),
      lastError: /^Received: Other configuration change$/,
      local: false,
    },
    {
      what: 'the neighbor now has another AS',
      act: () => configure('theirs', THEIRS.replace('local as 64512', 'local as 64999')),
      lastError: /^(Received: Other configuration change|BGP Error: Bad peer AS)$/,
      local: false,
    },
    {
      what: "the neighbor's BIRD hangs",
      ours: configOf('ours', HOLD),
      act: kill('SIGSTOP'),
      lastError: /^BGP Error: Hold timer expired$/,
      local: false,
    },
    {
      what: "the neighbor's link is down",
      ours: configOf('ours', HOLD),
      act: () => ip('theirs', 'link set eth0 down'),
      lastError: /^BGP Error: Hold timer expired$/,
      local: false,
    },
    {
      what: 'our link is down, several hops',
      ours: configOf('ours', HOLD),
      act: () => ip('ours', 'link set eth0 down'),
      lastError: /^(BGP Error: Hold timer expired|Socket: Network is unreachable)$/,
      local: false,
    },
    {
      what: 'our link is down, one hop',
      ours: configOf('ours', '', DIRECT),
      theirs: configOf('theirs', '', DIRECT),
      act: () => ip('ours', 'link set eth0 down'),
      lastError: /^Error: Neighbor lost$/,
      local: false,
    },
    {
      what: 'our address is gone',
      ours: configOf('ours', HOLD),
      act: () => ip('ours', `addr del ${ADDRESS.ours}/24 dev eth0`),
      lastError: /^BGP Error: Hold timer expired$/,
      local: false,
    },
  ];

  it.each(falls)('$what: local evidence is $local', async ({ ours, theirs, act, lastError, local }) => {
    const before = await established(ours, theirs);
    await act();
    const after = await eventually(async () => {
      const observation = await observe();
      expect(session(observation).established).toBe(false);
      return observation;
    });
    const { lastError: told, info } = session(after);
    if (lastError) expect(told).toMatch(lastError);
    else expect(told).toBeNull();
    if (told) expect(info).toContain(told);
    const expected = {
      names: [...readConfiguration(OURS).protocols.keys()],
      changed: new Set<string>(),
      reimported: [],
    };
    const problems = verify(before, after, expected);
    expect(problems.map(({ kind, protocol }) => [kind, protocol])).toEqual(local ? [['session-down', 'session']] : []);
  });

  it('keeps the reason while the neighbor does not come back, and forgets it when it does', async () => {
    await established();
    await kill('SIGKILL')();
    await eventually(async () => expect(session(await observe()).lastError).toBe('Socket: Connection refused'));
    const brief = await daemon('ours', (d) => d.observe({ routes: false }));
    expect(session(brief)).toMatchObject({ lastError: 'Socket: Connection refused', established: false });
    await start('theirs');
    expect(session(await up())).toMatchObject({ lastError: null, neighborAddress: ADDRESS.theirs });
    const again = await daemon('ours', (d) => d.observe({ routes: false }));
    expect(session(again)).toMatchObject({ lastError: null, established: true, importedRoutes: null });
  });

  /** What one change does, from the texts to the verdict. */
  const change = async (to: string) => {
    const before = await configured();
    const { added, removed, restarted, reimported } = meaningOf(OURS, to);
    const changed = new Set([...added, ...removed, ...restarted]);
    const expected = { names: [...readConfiguration(to).protocols.keys()], changed, reimported };
    await configure('ours', to);
    return { before, expected };
  };

  it('notices that nothing is let in any more, as soon as the neighbor has told its routes again', async () => {
    const { before, expected } = await change(OURS.replace('import all', 'import none'));
    expect(expected.reimported).toEqual(['session']);
    const after = await eventually(async () => {
      const observation = await observe();
      const problems = verify(before, observation, expected);
      if (problems.length === 0) expect(importsInDoubt(before, observation, expected)).toBe(true);
      expect(problems.map(({ kind }) => kind)).toEqual(['imports-lost']);
      return observation;
    });
    expect(importsInDoubt(before, after, expected)).toBe(false);
    expect(session(after)).toMatchObject({ established: true, importedRoutes: 0 });
  });

  it('has nothing against a filter that lets some in', async () => {
    const filter = 'import filter { if net ~ 10.48.0.0/16 then accept; reject; }';
    const { before, expected } = await change(OURS.replace('import all', filter));
    await eventually(async () => expect(session(await observe()).importedRoutes).toBe(1));
    expect(verify(before, await observe(), expected)).toEqual([]);
  });

  it('has no doubt where only what is told to others changed', async () => {
    const { before, expected } = await change(OURS.replace('export all', 'export none'));
    const after = await observe();
    expect(verify(before, after, expected)).toEqual([]);
    expect(importsInDoubt(before, after, expected)).toBe(false);
  });

  it('knows what BIRD runs by its names', async () => {
    const before = await configured();
    const names = before.protocols.map(({ name }) => name);
    expect([...names].sort()).toEqual(['device1', 'direct1', 'nobody', 'session', 'static1']);
    const problems = verify(before, before, { names: ['new', ...names.slice(1)], changed: new Set(), reimported: [] });
    expect(problems.map(({ kind, protocol }) => [kind, protocol])).toEqual([
      ['missing', 'new'],
      ['unexpected', names[0]],
    ]);
  });
});
