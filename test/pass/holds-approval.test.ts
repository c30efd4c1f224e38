import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resourceKey } from '../../src/core/keys.ts';
import { startBird, type TestBird } from '../support/bird.ts';
import { SMALL_CLUSTER } from '../support/cluster.ts';
import { approving } from '../support/hold-cases.ts';
import { BOOT_CONFIG, TargetBench, type TestProcess } from '../support/target-bench.ts';

describe('the annotation birdconfd/approve on BGPConfiguration default', () => {
  let bird: TestBird;
  let bench: TargetBench;
  let process: TestProcess;
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
    process = await bench.process();
    await process.pass();
    for (const name of ['node-b', 'node-c']) bench.store.delete(resourceKey('Node', name));
    expect(await process.pass()).toMatchObject({ outcome: 'held', hold: { kinds: ['no-peers'] } });
  });
  afterEach(() => bird.stop());
  const codes = async () => (await process.pass()).diagnostics.map(({ code }) => code);
  const inAnHour = () => new Date(bench.clock.now() + 3_600_000).toISOString();

  it.each(['no-peers', 'many-gone,no-peers', ' no-peers , release-changed'])('lets %j through', async (text) => {
    bench.store.put(...approving(text));
    const report = await process.pass();
    expect(report).toMatchObject({ outcome: 'confirmed', hold: null, diagnostics: [] });
    expect(await process.status()).toMatchObject({ state: 'converged' });
  });

  it('lets only the kinds through that it names', async () => {
    bench.store.put(...approving('many-gone,takeover'));
    expect(await process.pass()).toMatchObject({ outcome: 'held', hold: { kinds: ['no-peers'] }, diagnostics: [] });
  });

  it('lets everything through until a time', async () => {
    bench.store.put(...approving(inAnHour()));
    expect(await process.pass()).toMatchObject({ outcome: 'confirmed', hold: null, diagnostics: [] });
  });

  it('lets nothing through after it', async () => {
    const until = inAnHour();
    bench.later(3_600_000);
    bench.store.put(...approving(until));
    expect(await process.pass()).toMatchObject({ outcome: 'held', diagnostics: [] });
  });

  it.each(['yes', 'no-peers, everything', 'rollback', 'tomorrow', '2026-11-22', '2026-13-40T12:00:00Z'])(
    'means nothing where it says %j, and that is told',
    async (text) => {
      bench.store.put(...approving(text));
      const { outcome, diagnostics } = await process.pass();
      expect(outcome).toBe('held');
      expect(diagnostics).toMatchObject([
        {
          severity: 'warning',
          code: 'unknown-approval',
          key: resourceKey('BGPConfiguration', 'default'),
          path: ['metadata', 'annotations', 'birdconfd/approve'],
        },
      ]);
      expect(diagnostics[0]?.message).toContain(JSON.stringify(text));
      bench.store.put(...approving('many-gone'));
      expect(await codes()).toEqual([]);
    },
  );
});
