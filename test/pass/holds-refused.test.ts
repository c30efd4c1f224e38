import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Lab, type LabBird, labUp } from '../../scripts/lab/lab.mjs';
import { filter, node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { TargetBench, type TestProcess } from '../support/target-bench.ts';

const OURS = '10.0.0.1';
const TOR = '10.0.0.2';
const TOR_CONFIG = `router id ${TOR};
protocol device { scan time 1; }
protocol static { route 10.99.0.0/24 blackhole; }
protocol bgp ours { local as 64600; neighbor ${OURS} as 64512; source address ${TOR}; import all; export all; connect delay time 1; connect retry time 1; }
`;
const SESSION = 'Global_10_0_0_2';
const torPeer = (...filters: readonly string[]) => peer('tor', { peerIP: TOR, asNumber: 64600, filters });

describe('a change that BIRD takes and that breaks something here', () => {
  let dir: string;
  let lab: Lab;
  let ours: LabBird;
  let tor: LabBird;
  let bench: TargetBench;
  let process: TestProcess;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birdconfd-refused-'));
    const files = (name: string) => ({ configFile: join(dir, name, 'bird.conf'), socket: join(dir, `${name}.ctl`) });
    lab = await labUp({
      nodes: [['ours', OURS] as const, ['tor', TOR] as const].map(([name, ip]) => ({ name, address: `${ip}/24` })),
    });
    const start = async (name: string, config: string) => {
      const { configFile, socket } = files(name);
      await mkdir(join(dir, name));
      await writeFile(configFile, config);
      return lab.node(name).startBird({ binary: 'bird', configFile, socket, log: join(dir, `${name}.log`) });
    };
    tor = await start('tor', TOR_CONFIG);
    ours = await start('ours', `router id ${OURS};\nprotocol device {}\n`);
    const values = new Map([...SMALL_CLUSTER, node('node-a', `${OURS}/24`), torPeer()]);
    bench = await TargetBench.over(files('ours'), values);
    process = await bench.process();
    expect(await process.pass()).toMatchObject({ outcome: 'confirmed' });
    await eventually(learned, { timeoutMs: 30_000 });
  });
  afterAll(async () => {
    await lab?.down();
    await rm(dir, { recursive: true, force: true });
  });
  const learned = async () => expect((await ours.routes()).map(({ prefix }) => prefix)).toContain('10.99.0.0/24');

  it('is taken back and held, the session up all the while, until the data say something else', async () => {
    const file = await bench.file;
    expect(file).toContain('debug { states };'); // or the log would tell of no fall
    const downs = ours.timesDown(SESSION);
    bench.store.put(...filter('none-in', { importV4: [{ action: 'Reject' }] }));
    bench.store.put(...torPeer('none-in'));
    const held = await process.pass();
    expect(held).toMatchObject({ outcome: 'held', error: null, hold: { kinds: ['refused'] } });
    expect(held.hold?.why[0]).toMatch(/^none of \d+ routes that the neighbors had told is left/);
    expect(await bench.file).toBe(file);
    await eventually(learned);
    expect(await process.status()).toMatchObject({ state: 'held', ready: false });
    bench.later(60_000);
    const next = await bench.process();
    // Its age is that of the refusal, not of the last look at it.
    expect(await next.pass()).toMatchObject({ outcome: 'held', steps: [], hold: held.hold });
    bench.store.put(...torPeer());
    bench.store.put(...node('node-d', '10.0.0.4/24'));
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    await learned();
    expect(ours.timesDown(SESSION)).toBe(downs);
    expect(await next.status()).toMatchObject({ state: 'converged' });
  });

  it('is tried again after resume, and held again', async () => {
    bench.store.put(...torPeer('none-in'));
    const next = await bench.process();
    const held = await next.pass();
    expect(held).toMatchObject({ outcome: 'held', hold: { kinds: ['refused'] } });
    await eventually(learned);
    expect(await next.ask('approve')).toMatchObject({ outcome: 'held', steps: [] });
    bench.later(60_000);
    const again = await next.ask('resume');
    expect(again).toMatchObject({ outcome: 'held', steps: ['commit', 'reload'], hold: { kinds: ['refused'] } });
    expect(again.hold?.since).toBeGreaterThan(held.hold!.since);
    await eventually(learned);
    bench.store.put(...torPeer());
    expect(await next.pass()).toMatchObject({ outcome: 'unchanged', hold: null });
  });

  it('is told to who asked for it by a rollback', async () => {
    const next = await bench.process();
    await tor.ask('disable ours');
    await eventually(async () =>
      expect((await ours.routes()).map(({ prefix }) => prefix)).not.toContain('10.99.0.0/24'),
    );
    bench.store.put(...torPeer('none-in'));
    expect(await next.ask('resume')).toMatchObject({ outcome: 'confirmed' });
    bench.store.put(...torPeer());
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed' });
    await tor.ask('enable ours');
    await eventually(learned, { timeoutMs: 30_000 });
    await expect(next.rollback(1, 60_000)).rejects.toThrow(
      /^rollback 1: BIRD did not take that bundle: none of \d+ routes/,
    );
    expect(await next.pass()).toMatchObject({ outcome: 'unchanged', hold: null });
    await eventually(learned, { timeoutMs: 30_000 });
  });
});
