import { afterEach, describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { configuration, node, SMALL_CLUSTER } from '../support/cluster.ts';
import { clusterOf, meshWith } from '../support/hold-cases.ts';
import { BOOT_CONFIG, TargetBench } from '../support/target-bench.ts';

const NODE_KEY = (name: string) => resourceKey('Node', name);

describe('a plan that takes much away, on a real BIRD', () => {
  let bird: TestBird | null = null;
  let bench: TargetBench;
  afterEach(() => bird?.stop());
  const runs = async (name: string): Promise<boolean> =>
    (await bird!.ask('show protocols')).lines.some(({ text }) => text.startsWith(`${name} `));
  /** A process whose BIRD runs what the data say. */
  const converged = async (values: readonly (readonly [string, string])[]) => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, values);
    const process = await bench.process();
    expect(await process.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    return process;
  };

  it('is held when no session would be left, and ends when one is there again', async () => {
    const { pass, status } = await converged(SMALL_CLUSTER);
    for (const name of ['node-b', 'node-c']) bench.store.delete(NODE_KEY(name));
    expect(await pass()).toMatchObject({ outcome: 'held', steps: [], hold: { kinds: ['no-peers'], until: null } });
    expect(await runs(meshWith(2))).toBe(true);
    const { state, ready, why } = await status();
    expect({ state, ready }).toEqual({ state: 'held', ready: false });
    expect(why).toBe('no-peers: no session would be left of Mesh_192_0_2_2, Mesh_192_0_2_3');
    bench.store.put(...node('node-b', '192.0.2.2/24'));
    expect(await pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    expect([await runs(meshWith(2)), await runs(meshWith(3))]).toEqual([true, false]);
    expect(await status()).toMatchObject({ state: 'converged', ready: true });
  });

  it('is held again after the plan that was approved is gone', async () => {
    const { pass, ask } = await converged(SMALL_CLUSTER);
    const emptied = async () => {
      for (const name of ['node-b', 'node-c']) bench.store.delete(NODE_KEY(name));
      expect(await pass()).toMatchObject({ outcome: 'held', steps: [], hold: { kinds: ['no-peers'] } });
    };
    await emptied();
    for (const [key, value] of SMALL_CLUSTER) bench.store.put(key, value);
    expect(await ask('approve')).toMatchObject({ outcome: 'unchanged', hold: null });
    expect((await bench.ledger()).approval).toBeNull();
    await emptied();
    expect(await ask('approve')).toMatchObject({ outcome: 'confirmed', hold: null });
  });

  it('lets what it adds through', async () => {
    const { pass, status } = await converged(SMALL_CLUSTER);
    for (const name of ['node-b', 'node-c']) bench.store.delete(NODE_KEY(name));
    await pass();
    bench.store.put(...configuration('default', { serviceClusterIPs: [{ cidr: '10.96.0.0/12' }] }));
    expect(await pass()).toMatchObject({ outcome: 'held', steps: ['commit', 'reload'], error: null });
    expect(await bench.file).toContain('10.96.0.0/12');
    expect(await bench.file).toContain(meshWith(2));
    expect([await runs(meshWith(2)), await runs(meshWith(3))]).toEqual([true, true]);
    expect(await status()).toMatchObject({ state: 'held' });
    expect(await pass()).toMatchObject({ outcome: 'held', steps: [] });
  });

  it('goes on once it is approved, and the approval counts for no later plan', async () => {
    const { ask, pass, status } = await converged(SMALL_CLUSTER);
    for (const name of ['node-b', 'node-c']) bench.store.delete(NODE_KEY(name));
    await pass();
    expect(await ask('approve')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await runs(meshWith(2))).toBe(false);
    expect(await status()).toMatchObject({ state: 'converged' });
    bench.store.put(...node('node-b', '192.0.2.2/24'));
    await pass();
    bench.store.delete(NODE_KEY('node-b'));
    expect(await pass()).toMatchObject({ outcome: 'held', hold: { kinds: ['no-peers'] } });
  });

  it('remains held over a restart, since the same moment', async () => {
    const first = await converged(SMALL_CLUSTER);
    for (const name of ['node-b', 'node-c']) bench.store.delete(NODE_KEY(name));
    const { hold } = await first.pass();
    bench.later(3_600_000);
    const next = await bench.process();
    expect((await next.pass()).hold).toEqual(hold);
    expect(await next.status()).toMatchObject({ state: 'held', hold: { since: new Date(hold!.since).toISOString() } });
  });

  it('is held when a new reading lacks many, but not when they are deleted before our eyes', async () => {
    const all = clusterOf(30);
    const few = all.filter(([key]) => !/node-(1\d|2[0-5])$/.test(key)); // 16 of 32 sessions gone
    const { pass } = await converged(all);
    bench.store.replaceAll(few);
    const held = await pass();
    expect(held).toMatchObject({ outcome: 'held', hold: { kinds: ['many-gone'] } });
    expect(held.hold?.why).toEqual(['16 of 32 sessions are missing since the data were read anew']);
    expect(await runs(meshWith(10))).toBe(true);
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    expect(await pass()).toMatchObject({ outcome: 'held', steps: ['commit', 'reload'] });
    expect([await runs(meshWith(4)), await runs(meshWith(10))]).toEqual([true, true]);
    bench.store.replaceAll([...all, node('node-d', '192.0.2.4/24')]);
    expect(await pass()).toMatchObject({ outcome: 'unchanged', hold: null });
    for (const [key] of all) if (!few.some(([left]) => left === key)) bench.store.delete(key);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await runs(meshWith(10))).toBe(false);
  });

  it('counts the first reading of a process as a new one', async () => {
    const all = clusterOf(30);
    await converged(all);
    for (const [key] of all) if (/node-(1\d|2[0-5])$/.test(key)) bench.store.delete(key);
    const { pass, ask } = await bench.process();
    expect(await pass()).toMatchObject({ outcome: 'held', hold: { kinds: ['many-gone'] } });
    expect(await ask('approve')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await runs(meshWith(10))).toBe(false);
  });

  it('is held when most sessions would restart, and additions go through', async () => {
    const { pass, ask } = await converged(clusterOf(10));
    bench.store.put(...configuration('default', { asNumber: 64999 }));
    const held = await pass();
    expect(held).toMatchObject({ outcome: 'held', steps: [], hold: { kinds: ['many-restarts'] } });
    expect(held.hold?.why).toEqual(['12 of 12 sessions would restart']);
    expect(held.meaning?.restarted).toContain(meshWith(10));
    expect(await bench.file).not.toContain('64999');
    expect(await ask('approve')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await bench.file).toContain('local as 64999');
  });

  it('is no plan at all while the own Node is gone', async () => {
    const { pass, status } = await converged(SMALL_CLUSTER);
    const file = await bench.file;
    bench.store.delete(NODE_KEY('node-a'));
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    expect(await pass()).toMatchObject({ outcome: 'nothing-to-write', steps: [] });
    expect(await status()).toMatchObject({ state: 'node-unknown', ready: false });
    expect([await bench.file, await runs(meshWith(2))]).toEqual([file, true]);
    bench.store.put(...node('node-a', '192.0.2.1/24'));
    expect(await pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await runs(meshWith(4))).toBe(true);
  });

  it('is let through where its guard is off', async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, clusterOf(10));
    const off = Number.POSITIVE_INFINITY;
    const limits = { gone: off, goneAtLeast: 0, restarts: off, restartsAtLeast: 0, lastPeer: false };
    await (await bench.process()).pass();
    bench.store.put(...configuration('default', { asNumber: 64999 }));
    const { pass } = await bench.process({ limits });
    expect(await pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    bench.store.replaceAll(SMALL_CLUSTER.filter(([key]) => key !== NODE_KEY('node-b') && key !== NODE_KEY('node-c')));
    expect(await pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await runs(meshWith(2))).toBe(false);
  });
});
