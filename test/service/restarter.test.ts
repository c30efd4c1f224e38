import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RestartOptions, restartDelayMs, restarter } from '../../src/service/restarter.ts';
import { laterThanLast, startBird, type TestBird } from '../support/bird.ts';
import { configuration, SMALL_CLUSTER } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { BOOT_CONFIG, TargetBench, type TestProcess } from '../support/target-bench.ts';

describe('a BIRD that has to be restarted to listen as its file says', () => {
  let bird: TestBird;
  let bench: TargetBench;
  let process_: TestProcess;
  let clock: FakeClock;
  let stop: AbortController;
  let started: number;
  let events: { readonly event: string; readonly message?: unknown }[];
  const script = () => `${bird.dir}/restart.sh`;
  const pidFile = () => `${bird.dir}/bird.pid`;
  const count = (event: string) => events.filter((each) => each.event === event).length;

  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
    process_ = await bench.process();
    await process_.pass();
    clock = new FakeClock();
    stop = new AbortController();
    events = [];
    await writeFile(pidFile(), String(bird.pid));
    started = bird.pid;
    // What a service manager does: the old one ends, a new one is up when the command returns.
    await writeFile(
      script(),
      `kill -KILL $(cat ${pidFile()})\nunshare --net bird -c ${bird.configFile} -s ${bird.socket} -P ${pidFile()}\n`,
    );
  });
  afterEach(async () => {
    stop.abort();
    const pid = Number(await readFile(pidFile(), 'utf8'));
    if (pid !== started) process.kill(pid, 'SIGKILL');
    await bird.stop();
  });
  const watching = (options: Partial<RestartOptions> = {}) =>
    restarter(
      process_.managed,
      {
        command: ['sh', script(), '{daemon}'],
        spreadMs: 300_000,
        node: 'node-a',
        clock,
        log: (_, event, fields) => events.push({ event, ...fields }),
        ...options,
      },
      stop.signal,
    );
  /** The pass that the loop makes when it is raised. */
  const raisedPass = async () => {
    await eventually(() => expect(process_.managed.dirty.raised).toBe(true));
    process_.managed.dirty.take();
    return process_.pass();
  };
  const changePort = async (port: number) => {
    bench.store.put(...configuration('node.node-a', { listenPort: port }));
    return process_.pass();
  };

  it('says so, and is well again once it was restarted by whomever', async () => {
    expect(await changePort(1790)).toMatchObject({ outcome: 'confirmed', meaning: { needsRestart: true } });
    expect(await process_.status()).toMatchObject({ state: 'needs-restart', ready: false, needsRestart: true });
    await laterThanLast(bird);
    await bird.restart();
    expect(await process_.poll()).toBe(true);
    expect(await process_.pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await process_.status()).toMatchObject({ state: 'converged', needsRestart: false });
  });

  it('needs no restart when it started after the file was written', async () => {
    await bird.crash();
    expect(await changePort(1790)).toMatchObject({ outcome: 'failed' });
    await bird.restart();
    expect(await process_.pass()).toMatchObject({ outcome: 'confirmed' });
    expect(await process_.status()).toMatchObject({ state: 'converged' });
  });

  it("is restarted by --restart-cmd at the node's own moment", async () => {
    const look = watching();
    look();
    await clock.advance(600_000);
    expect(events).toEqual([]);
    await laterThanLast(bird);
    await changePort(1790);
    const delay = restartDelayMs('node-a', 300_000);
    look();
    look();
    await eventually(() => expect(count('restart-due')).toBe(1));
    await clock.advance(delay - 1);
    expect(process_.managed.dirty.raised).toBe(false);
    await clock.advance(1);
    await raisedPass();
    expect(count('restarted')).toBe(1);
    await eventually(async () => {
      if (await process_.poll()) await process_.pass();
      expect(await process_.status()).toMatchObject({ state: 'converged' });
    });
    await clock.advance(600_000);
    expect(count('restarted')).toBe(1);
  });

  it('is tried again a spread later when the command fails', async () => {
    await changePort(1790);
    watching({ command: ['sh', '-c', 'exit 3'] })();
    for (const failures of [1, 2]) {
      await eventually(() => expect(count('restart-due')).toBe(failures));
      await clock.advance(300_000);
      await raisedPass();
      expect(count('restart-failed')).toBe(failures);
    }
    expect(events.at(-1)?.message).toMatch(/exit code 3/);
    expect(await process_.status()).toMatchObject({ state: 'needs-restart' });
  });
});

describe('the moment of a node', () => {
  it('is always the same, and the moments of many nodes are spread evenly', () => {
    const delays = Array.from({ length: 1_000 }, (_, i) => restartDelayMs(`node-${i}`, 300_000));
    expect(delays).toEqual(Array.from({ length: 1_000 }, (_, i) => restartDelayMs(`node-${i}`, 300_000)));
    for (const tenth of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
      const within = delays.filter((ms) => Math.floor(ms / 30_000) === tenth).length;
      expect(within).toBeGreaterThan(60);
      expect(within).toBeLessThan(140);
    }
    expect(restartDelayMs('node-a', 0)).toBe(0);
  });
});
