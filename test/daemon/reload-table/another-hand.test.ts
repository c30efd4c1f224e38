import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSameMoment } from '../../../src/bird/same-moment.ts';
import { laterThanLast, startBird, type TestBird } from '../../support/bird.ts';
import { betweenBird } from '../../support/bird-between.ts';
import { configuration, node, SMALL_CLUSTER } from '../../support/cluster.ts';
import { BOOT_CONFIG, TargetBench } from '../../support/target-bench.ts';

const names = async (bird: TestBird): Promise<readonly string[]> => {
  const { lines } = await bird.ask('show protocols');
  return lines.filter(({ code }) => code === 1002).map(({ text }) => text.split(' ')[0] ?? '');
};

/** Each `it` is a row of the README's table "When BIRD and birdconfd meet trouble". */
describe('somebody else has a hand in BIRD', () => {
  let bird: TestBird;
  let bench: TargetBench;
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
  });
  afterEach(() => bird.stop());
  const converged = async () => {
    const process = await bench.process();
    expect(await process.pass()).toMatchObject({ outcome: 'confirmed' });
    return process;
  };

  it('somebody restarts BIRD while all is well', async () => {
    const { pass, poll, status } = await converged();
    expect(await poll()).toBe(false);
    const { boot } = await bench.ledger();
    await laterThanLast(bird);
    await bird.restart();
    expect(await names(bird)).toContain('Mesh_192_0_2_2');
    expect(await poll()).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(isSameMoment((await bench.ledger()).boot ?? '', boot ?? '')).toBe(false);
    expect(await status()).toMatchObject({ state: 'converged', ready: true });
    expect(await poll()).toBe(false);
  });

  it('somebody restarts BIRD while a reload is owed', async () => {
    const { pass, status } = await converged();
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    await bird.crash();
    expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'socket-refused' } });
    expect(await status()).toMatchObject({ state: 'waiting', ready: false });
    await bird.restart();
    expect(await names(bird)).toContain('Mesh_192_0_2_4');
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('somebody restarts BIRD while it has a timer to undo the change', async () => {
    await converged();
    bench.store.delete(node('node-c', '')[0]);
    const between = await betweenBird(bird.socket, join(bird.dir, 'between.ctl'), (line, does) =>
      line === 'configure confirm' ? does.cut() : does.pass(),
    );
    const { pass } = await bench.process({ socket: between.socket });
    expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'connection-lost' } });
    await between.close();
    expect((await bench.ledger()).txn).toMatchObject({ at: 'armed' });
    await laterThanLast(bird);
    await bird.restart();
    expect(await names(bird)).not.toContain('Mesh_192_0_2_3');
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await next.status()).toMatchObject({ state: 'converged' });
    expect((await bird.ask('configure confirm')).code).toBe(19);
  });

  it('somebody has BIRD read our file again', async () => {
    const { pass, poll, status } = await converged();
    await laterThanLast(bird);
    await bird.ask('configure');
    expect(await poll()).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('somebody has BIRD read another file', async () => {
    const { pass, poll, status } = await converged();
    const other = join(bird.dir, 'other.conf');
    await writeFile(other, BOOT_CONFIG);
    await laterThanLast(bird);
    await bird.ask(`configure "${other}"`);
    expect(await names(bird)).not.toContain('Mesh_192_0_2_2');
    expect(await poll()).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(await names(bird)).toContain('Mesh_192_0_2_2');
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('BIRD was started with another file', async () => {
    const { pass, poll, status } = await converged();
    const other = join(bird.dir, 'other.conf');
    await writeFile(other, BOOT_CONFIG);
    await laterThanLast(bird);
    await bird.restart({ configFile: other });
    expect(await poll()).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'config-file-mismatch', retryable: true } });
    const { state, why } = await status();
    expect(state).toBe('waiting');
    expect(why).toContain(`reads ${other}, not ${bird.configFile}: start it with -c ${bird.configFile}`);
    await bird.restart();
    expect(await pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('somebody edits our file', async () => {
    const { pass, status } = await converged();
    const file = await bench.file;
    await writeFile(bird.configFile, `${file}protocol static theirs {}\n`);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['commit', 'reload'] });
    expect(await readFile(bird.configFile, 'utf8')).toBe(file);
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('the listening port changes', async () => {
    const { pass, poll, status } = await converged();
    bench.store.put(...configuration('node.node-a', { listenPort: 1790 }));
    expect(await pass()).toMatchObject({ outcome: 'confirmed', meaning: { needsRestart: true } });
    expect(await status()).toMatchObject({ state: 'needs-restart', ready: false, needsRestart: true });
    await laterThanLast(bird);
    await bird.restart();
    expect(await poll()).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await status()).toMatchObject({ state: 'converged', needsRestart: false });
  });
});
