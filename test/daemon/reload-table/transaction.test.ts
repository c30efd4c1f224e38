import { chmod, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { builtInTemplates, readTemplates } from '../../../src/host/read-templates.ts';
import { startBird, type TestBird } from '../../support/bird.ts';
import { type Between, betweenBird } from '../../support/bird-between.ts';
import { node, SMALL_CLUSTER } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { BOOT_CONFIG, TargetBench } from '../../support/target-bench.ts';

/** Each `it` is a row of the README's table "When BIRD and birdconfd meet trouble". */
describe('a change is under way', () => {
  let bird: TestBird;
  let bench: TargetBench;
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
    await (await bench.process()).pass();
  });
  afterEach(() => bird.stop());
  const runs = async (name: string): Promise<boolean> =>
    (await bird.ask('show protocols')).lines.some(({ text }) => text.startsWith(`${name} `));
  /** Takes a session away, so that BIRD is given a timer; `on` decides about what is said to it. */
  const disrupted = async (on: (line: string, does: Between) => unknown, undoSeconds = 60) => {
    bench.store.delete(node('node-c', '')[0]);
    const between = await betweenBird(bird.socket, `${bird.dir}/between.ctl`, on);
    const process = await bench.process({ socket: between.socket, undoSeconds });
    const report = await process.pass();
    await between.close();
    return { ...process, report };
  };

  it('the connection is lost before BIRD was asked to reload under a timer', async () => {
    const { report, status } = await disrupted((line, does) =>
      line.startsWith('configure timeout') ? does.cut() : does.pass(),
    );
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'connection-lost' } });
    expect(await status()).toMatchObject({ state: 'waiting', ready: false });
    expect(await runs('Mesh_192_0_2_3')).toBe(true);
    expect(await bench.file).not.toContain('Mesh_192_0_2_3');
    expect((await bench.ledger()).txn).toMatchObject({ at: 'armed' });
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await runs('Mesh_192_0_2_3')).toBe(false);
    expect(await next.status()).toMatchObject({ state: 'converged' });
  });

  it('the connection is lost after BIRD reloaded under a timer', async () => {
    const { report, status } = await disrupted((line, does) =>
      line.startsWith('configure timeout') ? does.passAndCut() : does.pass(),
    );
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'connection-lost' } });
    expect(await status()).toMatchObject({ state: 'waiting', ready: false });
    expect((await bench.ledger()).txn).toMatchObject({ at: 'armed' });
    expect(await runs('Mesh_192_0_2_3')).toBe(false);
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed' });
    // Nothing is left to confirm: no timer runs any more.
    expect((await bird.ask('configure confirm')).code).toBe(19);
    expect(await next.status()).toMatchObject({ state: 'converged' });
  });

  it("BIRD's timer runs out before we look, because we were stopped", async () => {
    let late = false;
    const { report, status } = await disrupted(async (line, does) => {
      if (line.startsWith('show protocols') && !late && !(await runs('Mesh_192_0_2_3'))) {
        late = true;
        await eventually(async () => expect(await runs('Mesh_192_0_2_3')).toBe(true));
      }
      does.pass();
    }, 3);
    expect(late).toBe(true);
    // That the old sessions are back is nothing against the change.
    expect(report).toMatchObject({ outcome: 'confirmed', error: null, hold: null });
    expect(await runs('Mesh_192_0_2_3')).toBe(false);
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it("BIRD's timer runs out before every confirm", async () => {
    const { report, status } = await disrupted(async (line, does) => {
      if (line === 'configure confirm') await eventually(async () => expect(await runs('Mesh_192_0_2_3')).toBe(true));
      does.pass();
    }, 1);
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'unconfirmed', retryable: true }, hold: null });
    const { state, ready, why } = await status();
    expect({ state, ready }).toEqual({ state: 'waiting', ready: false });
    expect(why).toContain('ran out 3 times');
    expect(await bench.file).not.toContain('Mesh_192_0_2_3');
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await runs('Mesh_192_0_2_3')).toBe(false);
  });

  it("BIRD's timer runs out just before it is told to confirm", async () => {
    let late = false;
    const { report, status } = await disrupted(async (line, does) => {
      if (line === 'configure confirm' && !late) {
        late = true;
        await eventually(async () => expect(await runs('Mesh_192_0_2_3')).toBe(true));
      }
      does.pass();
    }, 3);
    expect(late).toBe(true);
    expect(report).toMatchObject({ outcome: 'confirmed', error: null });
    expect(await runs('Mesh_192_0_2_3')).toBe(false);
    expect(await status()).toMatchObject({ state: 'converged' });
  });
});

describe('BIRD runs as another user', () => {
  let bird: TestBird;
  let bench: TargetBench;
  const as = { user: 'nobody', group: 'nogroup' };
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG, undefined, as);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
  });
  afterEach(() => bird.stop());
  const gidOf = async (path: string) => (await stat(path)).gid;

  it('the socket has another group than we have', async () => {
    const { pass, status } = await bench.process();
    expect(await pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await gidOf(bird.configFile)).toBe(await gidOf(bird.socket));
    expect(await gidOf(bird.configFile)).not.toBe(0);
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('the socket gets another group while all is well', async () => {
    await writeFile(bird.configFile, BOOT_CONFIG);
    await bird.restart({});
    const { pass, poll, status } = await bench.process();
    expect(await pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await gidOf(bird.configFile)).toBe(0);
    const before = await stat(bird.configFile);
    // A BIRD that may not read its file does not start, so here it starts with another.
    const other = `${bird.dir}/other.conf`;
    await writeFile(other, BOOT_CONFIG);
    await bird.restart({ ...as, configFile: other });
    await pass();
    expect(await gidOf(bird.configFile)).toBe(await gidOf(bird.socket));
    expect((await stat(bird.configFile)).mtimeMs).toBe(before.mtimeMs);
    await bird.restart(as);
    await poll();
    await pass();
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('BIRD refuses what its check let pass', async () => {
    const { pass } = await bench.process();
    await pass();
    const file = await bench.file;
    const secret = `${bird.dir}/secret.conf`;
    await writeFile(secret, '# nothing\n');
    await chmod(secret, 0o600);
    const templates = new Map(await readTemplates(builtInTemplates(), 'bird1'));
    templates.set('extra-global', `include "${secret}";\n`);
    const included = await bench.process({ templates });
    expect(await included.pass()).toMatchObject({ outcome: 'held', hold: { kinds: ['refused'] } });
    expect(await bench.file).toBe(file);
    const { state, ready, why } = await included.status();
    expect({ state, ready }).toEqual({ state: 'held', ready: false });
    expect(why).toMatch(/^refused: .*secret\.conf/);
    expect(await included.pass()).toMatchObject({ outcome: 'held', steps: [] });
    await chmod(secret, 0o644);
    expect(await included.ask('resume')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await included.status()).toMatchObject({ state: 'converged' });
  });

  it('BIRD refuses both what is new and what it runs', async () => {
    const { pass } = await bench.process();
    await pass();
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    await pass();
    bench.store.put(...node('node-e', '192.0.2.5/24'));
    const output = bird.dir;
    const unreadable = await bench.process({
      destination: async () => ({ output, mode: 0o600, uid: null, gid: null }),
    });
    expect(await unreadable.pass()).toMatchObject({ outcome: 'held', hold: { kinds: ['refused'] } });
    expect((await unreadable.status()).why).toMatch(/^refused: .*Permission denied/);
    // What runs goes on: an undo would go back behind it.
    expect((await bird.ask('show protocols')).lines.some(({ text }) => text.startsWith('Mesh_192_0_2_4 '))).toBe(true);
    const restored = await bench.process();
    expect(await restored.ask('resume')).toMatchObject({ outcome: 'confirmed', hold: null });
    expect(await restored.status()).toMatchObject({ state: 'converged' });
  });
});
