import { afterEach, describe, expect, it } from 'vitest';
import { startBird, type TestBird } from '../support/bird.ts';
import { configuration, node, pool, SMALL_CLUSTER } from '../support/cluster.ts';
import { meshWith, ofRelease } from '../support/hold-cases.ts';
import { selfFor } from '../support/self.ts';
import { BOOT_CONFIG, TargetBench } from '../support/target-bench.ts';

const session = (name: string, address: string) =>
  `protocol bgp ${name} { local as 64512; neighbor ${address} as 64512; source address 192.0.2.1; }\n`;

describe('the first plan on a node', () => {
  let bird: TestBird | null = null;
  let bench: TargetBench;
  afterEach(() => bird?.stop());
  const running = async (config: string) => {
    bird = await startBird(config);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
    return bird;
  };
  const runs = async (name: string): Promise<boolean> =>
    (await bird!.ask('show protocols')).lines.some(({ text }) => text.startsWith(`${name} `));

  it('is held where it would remove sessions of a foreign configuration, until it is approved', async () => {
    const foreign = `${BOOT_CONFIG}${session('upstream', '192.0.2.254')}`;
    await running(foreign);
    const { pass, ask, status } = await bench.process();
    const held = await pass();
    expect(held).toMatchObject({ outcome: 'held', steps: [], hold: { kinds: ['takeover'] } });
    expect(held.meaning).toMatchObject({ removed: ['upstream'] });
    expect((await status()).why).toContain('the first plan on this node would remove upstream');
    // Nothing of ours is beside it yet: also no additions.
    expect([await bench.file, await runs('upstream'), await runs(meshWith(2))]).toEqual([foreign, true, false]);
    const next = await bench.process();
    expect((await next.pass()).hold).toEqual(held.hold);
    expect(await ask('approve')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect([await runs('upstream'), await runs(meshWith(2))]).toEqual([false, true]);
  });

  it('is held where it would restart a session of the same name', async () => {
    await running(`${BOOT_CONFIG}${session(meshWith(2), '192.0.2.2').replace('neighbor', 'passive on; neighbor')}`);
    const held = await (await bench.process()).pass();
    expect(held).toMatchObject({ outcome: 'held', hold: { kinds: ['takeover'] } });
    expect(held.hold?.why[0]).toContain(`restart ${meshWith(2)}`);
  });

  it('is held for a session that BIRD runs although its file no longer has it', async () => {
    const { writeConfig } = await running(`${BOOT_CONFIG}${session('upstream', '192.0.2.254')}`);
    await writeConfig(BOOT_CONFIG);
    const held = await (await bench.process()).pass();
    expect(held).toMatchObject({ outcome: 'held', hold: { kinds: ['takeover'] } });
    expect(held.hold?.why[0]).toContain('remove upstream');
    expect(await runs('upstream')).toBe(true);
  });

  it('goes through where the same sessions run already', async () => {
    await running(BOOT_CONFIG);
    await (await bench.process()).pass();
    // Another state directory: nothing was ever confirmed there.
    const { pass } = await bench.process({ stateDir: `${bird!.dir}/new-state` });
    expect(await pass()).toMatchObject({ outcome: 'unchanged', hold: null });
    const fresh = await TargetBench.over({ ...bird!, configFile: bird!.configFile }, [
      ...SMALL_CLUSTER,
      node('node-d', '192.0.2.4/24'),
    ]);
    const first = await fresh.process({ stateDir: `${bird!.dir}/newer-state` });
    expect(await first.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
  });

  it('goes through where nothing that could be lost runs', async () => {
    await running(BOOT_CONFIG);
    expect(await (await bench.process()).pass()).toMatchObject({ outcome: 'confirmed', hold: null });
  });

  it('goes through with --accept-takeover', async () => {
    await running(`${BOOT_CONFIG}${session('upstream', '192.0.2.254')}`);
    const { pass } = await bench.process({ acceptTakeover: true });
    expect(await pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await runs('upstream')).toBe(false);
  });
});

describe('the release of Calico, where its rules decide about the routes of a pool', () => {
  let bird: TestBird | null = null;
  let bench: TargetBench;
  afterEach(() => bird?.stop());
  // Stock BIRD leaves IPIP pools to Felix under any rules; 3.33 leaves this one to it, too.
  const policy = configuration('default', { programClusterRoutes: 'EnabledIPIPOnly' });
  const withRelease = async (version: string) => {
    bird = await startBird(BOOT_CONFIG);
    const values = new Map([...SMALL_CLUSTER, policy, ofRelease(version)]);
    bench = await TargetBench.over(bird, values);
    const process = await bench.process({ self: selfFor('node-a', { release: null }) });
    expect(await process.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    return process;
  };

  it('is a hold when it changes, and additions go through', async () => {
    const { pass, ask, status } = await withRelease('v3.32.0');
    const before = await bench.file;
    bench.store.put(...ofRelease('v3.33.0'));
    const held = await pass();
    expect(held).toMatchObject({ outcome: 'held', hold: { kinds: ['release-changed'] } });
    expect(held.hold?.why[0]).toMatch(/from Calico 3\.32 to 3\.33, whose rules would change .*198\.51\.100\.0\/24/);
    expect(await status()).toMatchObject({ state: 'held' });
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    expect(await pass()).toMatchObject({ outcome: 'held', steps: ['commit', 'reload'] });
    expect(await bench.file).toContain(meshWith(4));
    expect(before).not.toContain(meshWith(4));
    expect(await ask('approve')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect((await bench.ledger()).history[0]).toMatchObject({ release: '3.33' });
  });

  it('is a hold when the data name none any more', async () => {
    const { pass } = await withRelease('v3.32.0');
    bench.store.put(...ofRelease(''));
    const held = await pass();
    expect(held).toMatchObject({ outcome: 'held', hold: { kinds: ['release-unknown'] } });
    bench.store.put(...ofRelease('v3.32.1'));
    expect(await pass()).toMatchObject({ outcome: 'unchanged', hold: null });
  });

  it('is none between releases with the same rules', async () => {
    const { pass } = await withRelease('v3.30.0');
    bench.store.put(...ofRelease('v3.31.7'));
    expect(await pass()).toMatchObject({ outcome: 'unchanged', hold: null });
    // Nor for what is done to a pool later, which is not the release's doing.
    bench.store.put(...pool('pool-1', '198.51.100.0/24', { disableBGPExport: true }));
    expect(await pass()).toMatchObject({ outcome: 'confirmed', hold: null });
  });
});
