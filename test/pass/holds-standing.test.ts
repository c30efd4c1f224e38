import { rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { laterThanLast, startBird, type TestBird } from '../support/bird.ts';
import { node, SMALL_CLUSTER } from '../support/cluster.ts';
import { meshWith } from '../support/hold-cases.ts';
import { BOOT_CONFIG, TargetBench, type TestProcess } from '../support/target-bench.ts';

describe('holds that the data cannot end', () => {
  let bird: TestBird;
  let bench: TargetBench;
  let process: TestProcess;
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
    process = await bench.process();
    await process.pass();
  });
  afterEach(() => bird.stop());
  const runs = async (name: string): Promise<boolean> =>
    (await bird.ask('show protocols')).lines.some(({ text }) => text.startsWith(`${name} `));
  const foreign = async (what: string) => {
    const text = `${BOOT_CONFIG}# by ${what}\n`;
    await writeFile(bird.configFile, text);
    return text;
  };

  it('stops to write when the files changed under us twice within ten minutes, until it is resumed', async () => {
    const ours = await bench.file;
    await foreign('Ansible');
    expect(await process.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await bench.file).toBe(ours);
    bench.later(599_000);
    const theirs = await foreign('Ansible');
    expect(await process.pass()).toMatchObject({ outcome: 'held', steps: [], hold: { kinds: ['foreign-writer'] } });
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    bench.later(3_600_000);
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'held', steps: [] });
    expect(await bench.file).toBe(theirs);
    expect(await next.status()).toMatchObject({ state: 'held', ready: false });
    expect(await next.ask('approve')).toMatchObject({ outcome: 'held' });
    expect(await next.ask('resume')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await bench.file).toContain(meshWith(4));
    expect(await next.status()).toMatchObject({ state: 'converged' });
  });

  it('puts right what changes under us less often', async () => {
    const ours = await bench.file;
    for (const who of ['Ansible', 'Puppet', 'Ansible']) {
      await foreign(who);
      expect(await process.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
      expect(await bench.file).toBe(ours);
      bench.later(600_000);
    }
  });

  it('counts an edit once, however often it cannot be put right', async () => {
    await foreign('Ansible');
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    const denied = await bench.process({ output: bird.dir, check: true, socket: `${bird.dir}/nobody.ctl` });
    await rm(`${bench.stateDir}/bundles`, { recursive: true });
    await writeFile(`${bench.stateDir}/bundles`, 'a file in the way');
    for (const _ of [1, 2, 3])
      expect(await denied.pass()).toMatchObject({ outcome: 'failed', error: { stage: 'commit' }, hold: null });
    await rm(`${bench.stateDir}/bundles`);
    expect(await denied.pass()).toMatchObject({ outcome: 'failed', error: { code: 'socket-missing' }, hold: null });
    expect(await bench.file).toContain(meshWith(4));
  });

  const grown = async () => {
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    await process.pass();
    expect(await runs(meshWith(4))).toBe(true);
  };

  it('holds what it rolled back to, against newer data, until its time is over', async () => {
    await grown();
    const report = await process.rollback(1, 3_600_000);
    expect(report).toMatchObject({ outcome: 'held', hold: { kinds: ['rollback'] }, error: null });
    expect(await runs(meshWith(4))).toBe(false);
    bench.store.put(...node('node-e', '192.0.2.5/24'));
    bench.later(3_599_000);
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'held', steps: [] });
    expect((await next.status()).why).toMatch(/^rollback: rolled back to the bundle of revision 6, confirmed 20/);
    bench.later(2_000);
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
    expect([await runs(meshWith(4)), await runs(meshWith(5))]).toEqual([true, true]);
  });

  it('ends a rollback by resume', async () => {
    await grown();
    await process.rollback(1, 3_600_000);
    expect(await process.ask('approve')).toMatchObject({ outcome: 'held' });
    expect(await process.ask('resume')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await runs(meshWith(4))).toBe(true);
  });

  it('has BIRD read what it rolled back to again, when it is asked to reload or BIRD has read another file', async () => {
    await grown();
    await process.rollback(1, 3_600_000);
    const rolledBack = await bench.file;
    const told = await process.told('reload');
    expect(told).toMatchObject({ ok: true, lines: [{ target: 'bird' }] });
    expect(told.lines[0]?.text).toMatch(/^reloaded; held \(rollback\): rolled back to /);
    const other = `${bird.dir}/other.conf`;
    await writeFile(other, BOOT_CONFIG);
    await laterThanLast(bird);
    await bird.ask(`configure "${other}"`);
    expect(await runs(meshWith(2))).toBe(false);
    expect(await process.poll()).toBe(true);
    expect(await process.pass()).toMatchObject({ outcome: 'held', steps: ['reload'], hold: { kinds: ['rollback'] } });
    expect([await runs(meshWith(2)), await runs(meshWith(4))]).toEqual([true, false]);
    expect(await bench.file).toBe(rolledBack);
    expect(await process.pass()).toMatchObject({ outcome: 'held', steps: [] });
  });

  it("says that it does not have BIRD read another's files", async () => {
    for (const who of ['Ansible', 'Puppet']) {
      await foreign(who);
      await process.pass();
    }
    const told = await process.told('reload');
    expect(told).toMatchObject({ ok: false, lines: [{ target: 'bird' }] });
    expect(told.lines[0]?.text).toMatch(/^not reloaded; held \(foreign-writer\): /);
    expect(await runs(meshWith(2))).toBe(true);
  });

  it('finishes a rollback that BIRD was not there for', async () => {
    await grown();
    const away = await bench.process({ socket: `${bird.dir}/nobody.ctl` });
    expect(await away.rollback(1, 3_600_000)).toMatchObject({ outcome: 'failed', error: { code: 'socket-missing' } });
    expect(await bench.file).not.toContain(meshWith(4));
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'held', steps: ['reload'], hold: { kinds: ['rollback'] } });
    expect(await runs(meshWith(4))).toBe(false);
    expect((await bench.ledger()).txn).toMatchObject({ at: 'idle' });
  });

  it('takes back to the end what BIRD refused, and does not try it again meanwhile', async () => {
    const ours = await bench.file;
    const { accepted, ledger } = process.place;
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    const { bundle } = process.target.render(bench.store.snapshot(), null);
    const txn = {
      at: 'returning',
      from: ledger.history[0]!.bytes,
      to: bundle!.bytes,
      why: 'it broke',
      ran: true,
    } as const;
    await process.place.save({ txn, confirmed: null });
    const hold = { kinds: ['refused'], why: ['it broke'] };
    expect(await process.pass()).toMatchObject({ outcome: 'held', steps: ['reload'], hold });
    expect([await bench.file, await runs(meshWith(4))]).toEqual([ours, false]);
    expect(process.place.accepted).toBe(accepted);
    expect((await process.told('reload')).lines[0]?.text).toBe('not reloaded; held (refused): it broke');
    expect(await process.ask('resume')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await runs(meshWith(4))).toBe(true);
  });

  it('has forgotten what BIRD refused once the data ask for what runs, and tries it again when they ask for it again', async () => {
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    const { bundle } = process.target.render(bench.store.snapshot(), null);
    const from = process.place.ledger.history[0]!.bytes;
    await process.place.save({ txn: { at: 'held', from, to: bundle!.bytes, why: 'it broke' } });
    expect(await process.pass()).toMatchObject({ outcome: 'held', steps: [], hold: { kinds: ['refused'] } });
    bench.store.delete(resourceKey('Node', 'node-d'));
    expect(await process.pass()).toMatchObject({ outcome: 'unchanged', hold: null });
    expect((await bench.ledger()).txn).toEqual({ at: 'idle' });
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    expect(await process.pass()).toMatchObject({ outcome: 'confirmed', hold: null });
  });

  it('refuses to go back further than there is history', async () => {
    await expect(process.rollback(1, 60_000)).rejects.toThrow(/bird has 0 older confirmed bundles/);
    bench.store.delete(resourceKey('Node', 'node-b'));
    await process.pass();
    await expect(process.rollback(2, 60_000)).rejects.toThrow(/bird has 1 older confirmed bundles/);
  });
});
