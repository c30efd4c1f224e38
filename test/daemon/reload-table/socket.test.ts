import { rename, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { laterThanLast, startBird, type TestBird } from '../../support/bird.ts';
import { betweenBird } from '../../support/bird-between.ts';
import { node, SMALL_CLUSTER } from '../../support/cluster.ts';
import { BOOT_CONFIG, TargetBench } from '../../support/target-bench.ts';

/** Each `it` is a row of the README's table "When BIRD and birdconfd meet trouble". */
describe('the control socket', () => {
  let bird: TestBird;
  let bench: TargetBench;
  let server: Server | null = null;
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
  });
  afterEach(async () => {
    server?.close();
    server = null;
    await bird.stop();
  });
  const runs = async (name: string): Promise<boolean> =>
    (await bird.ask('show protocols')).lines.some(({ text }) => text.startsWith(`${name} `));

  /** What no BIRD can be made to do: each connection is handed to `meet`. */
  const another = async (meet: (client: Socket) => void): Promise<string> => {
    const socket = `${bird.dir}/another.ctl`;
    server = createServer((client) => {
      client.on('error', () => {});
      meet(client);
    });
    await new Promise<void>((resolve) => server?.listen(socket, resolve));
    return socket;
  };

  /** A first pass that does not get through, what is said of it, and the one after it on the real socket. */
  const failsThenConverges = async (socket: string, code: string, why: RegExp) => {
    const first = await bench.process({ socket, replyMs: 300 });
    expect(await first.pass()).toMatchObject({ outcome: 'failed', error: { stage: 'reload', code, retryable: true } });
    expect(await bench.file).toContain('Mesh_192_0_2_2');
    const { state, ready, why: told } = await first.status();
    expect({ state, ready }).toEqual({ state: 'waiting', ready: false });
    expect(told).toMatch(why);
    expect((await bench.ledger()).confirmed).toBeNull();
    const next = await bench.process();
    expect(await next.pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(await runs('Mesh_192_0_2_2')).toBe(true);
    expect(await next.status()).toMatchObject({ state: 'converged', ready: true });
  };

  it('there is no socket', () => failsThenConverges(`${bird.dir}/nobody.ctl`, 'socket-missing', /start BIRD with -s/));

  it('BIRD starts late', async () => {
    await bird.crash();
    await rm(bird.socket);
    const { pass, status } = await bench.process();
    expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'socket-missing' } });
    expect(await status()).toMatchObject({ state: 'waiting', ready: false });
    await bird.restart();
    expect(await runs('Mesh_192_0_2_2')).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('BIRD is gone while all is well', async () => {
    const { pass, poll, status } = await bench.process();
    await pass();
    await laterThanLast(bird);
    await bird.crash();
    expect(await poll()).toBe(false);
    expect(await status()).toMatchObject({ state: 'failed', ready: false, why: 'BIRD does not answer' });
    await bird.restart();
    expect(await poll()).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await status()).toMatchObject({ state: 'converged', ready: true });
  });

  it('another BIRD has taken the place of the one before', async () => {
    const { pass, poll, status } = await bench.process();
    await pass();
    await laterThanLast(bird);
    const other = await startBird(BOOT_CONFIG);
    try {
      await rename(other.socket, bird.socket);
      expect(await poll()).toBe(true);
      const { state } = await status();
      expect(state).toBe('converged');
      // It reads its own file and says so.
      expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'config-file-mismatch' } });
      expect(await status()).toMatchObject({ state: 'waiting', ready: false });
      await other.crash();
      await bird.restart();
      expect(await pass()).toMatchObject({ outcome: 'confirmed' });
      expect(await status()).toMatchObject({ state: 'converged' });
    } finally {
      await other.stop();
    }
  });

  it('BIRD hangs', async () => {
    process.kill(bird.pid, 'SIGSTOP');
    const { pass, status } = await bench.process({ replyMs: 300 });
    expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'timeout', retryable: true } });
    expect(await bench.file).toContain('Mesh_192_0_2_2');
    const { state, why } = await status();
    expect(state).toBe('waiting');
    expect(why).toContain('busy or hung');
    process.kill(bird.pid, 'SIGCONT');
    expect(await pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await status()).toMatchObject({ state: 'converged' });
  });

  it('what listens there never says a word', async () => {
    await failsThenConverges(await another(() => {}), 'timeout', /did not answer the connection within 300 ms/);
  });

  it('what listens there is no BIRD', async () => {
    const socket = await another((client) => client.write('HTTP/1.1 400 Bad Request\n'));
    await failsThenConverges(socket, 'garbage', /is it the socket of another program/);
  });

  it('BIRD greets and hangs up', async () => {
    const socket = await another((client) => client.end('0001 BIRD 1.6.8 ready.\n'));
    await failsThenConverges(socket, 'connection-lost', /it may have stopped/);
  });

  it('BIRD is shutting down', async () => {
    const { pass } = await bench.process();
    await pass();
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    const between = await betweenBird(bird.socket, `${bird.dir}/between.ctl`, (line, does) =>
      line.startsWith('configure')
        ? does.answer(
            `0002-Reading configuration from ${bird.configFile}\n0006 Reconfiguration ignored, shutting down\n`,
          )
        : does.pass(),
    );
    try {
      await failsThenConverges(between.socket, 'shutting-down', /reads the files when it is started again/);
    } finally {
      await between.close();
    }
  });
});
