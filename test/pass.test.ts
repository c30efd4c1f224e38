import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BgpOptions, bgpTargets } from '../src/bgp-targets.ts';
import { systemClock } from '../src/core/clock.ts';
import { prefixesFor, resourceKey } from '../src/core/keys.ts';
import { MemoryDatastore } from '../src/datastore/memory.ts';
import { ledgerPath, readLedger } from '../src/host/ledger.ts';
import { builtInTemplates, readTemplates } from '../src/host/read-templates.ts';
import { runPass, type TargetPlace } from '../src/pass.ts';
import { startBird, type TestBird } from './support/bird.ts';
import { node, peer, SMALL_CLUSTER } from './support/cluster.ts';
import { selfFor } from './support/self.ts';

const BOOT_CONFIG = 'router id 192.0.2.1;\nprotocol device {}\n';
const NEVER = new AbortController().signal;

/** One target on a real BIRD, over a datastore that the test changes. Everything but the datastore can be made anew, as by a restart. */
class Bench {
  readonly store: MemoryDatastore;
  readonly bird: TestBird;
  readonly stateDir: string;

  constructor(bird: TestBird) {
    this.bird = bird;
    this.stateDir = join(bird.dir, 'state');
    this.store = new MemoryDatastore(Object.fromEntries(SMALL_CLUSTER));
  }

  get file(): Promise<string> {
    return readFile(this.bird.configFile, 'utf8');
  }

  async ledger() {
    return (await readLedger(ledgerPath(this.stateDir, 'bird'))).record;
  }

  /** A process: its pass, with its own memory, begun from the ledger on disk. */
  async process(options: Partial<BgpOptions> & { socket?: string } = {}) {
    const ledger = await this.ledger();
    const templates = await readTemplates(builtInTemplates(), 'bird1');
    const daemon = { binary: '/usr/sbin/bird', socket: options.socket ?? this.bird.socket };
    const [target] = bgpTargets(
      {
        self: selfFor('node-a'),
        flavour: '1.6',
        layout: 'single',
        templates,
        version: 'test',
        lastGood: new Map(Object.entries(ledger.lastGood)),
        v1Templates: new Map(),
        data: 'v3',
        ownAddresses: { 4: null, 6: null },
        allowCustomFilters: false,
        ...options,
      },
      { output: this.bird.dir, bird: daemon, bird6: daemon, clock: systemClock },
    );
    const place: TargetPlace = {
      stateDir: this.stateDir,
      output: this.bird.dir,
      destination: async () => ({ output: this.bird.dir, mode: 0o640, uid: null, gid: null }),
      check: true,
      clock: systemClock,
      ledger,
      refused: null,
    };
    return () => runPass(target, this.store.snapshot(), place, NEVER);
  }

  async protocols(): Promise<readonly string[]> {
    const { lines } = await this.bird.ask('show protocols');
    return lines.filter(({ code }) => code === 1002).map(({ text }) => text.split(' ')[0] ?? '');
  }

  /** BIRD's word for when it was last reconfigured. */
  async reconfigured(): Promise<string> {
    const { lines } = await this.bird.ask('show status');
    return lines.map(({ text }) => text).find((text) => text.startsWith('Last reconfiguration')) ?? '';
  }
}

describe('one pass on a real BIRD', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench(await startBird(BOOT_CONFIG));
    await bench.store.start(prefixesFor('node-a'), () => {}, NEVER);
  });
  afterEach(() => bench.bird.stop());

  it('checks, commits, reloads and confirms; a second pass does nothing at all', async () => {
    const pass = await bench.process();
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['commit', 'reload'], error: null });
    expect(await bench.protocols()).toEqual(expect.arrayContaining(['Mesh_192_0_2_2', 'Mesh_192_0_2_3']));
    const before = await bench.reconfigured();
    expect(await pass()).toMatchObject({ outcome: 'unchanged', steps: [] });
    expect(await bench.reconfigured()).toBe(before);
    const { live, confirmed, boot } = await bench.ledger();
    expect(confirmed).toBe(live?.statements);
    expect(boot).toMatch(/\d/);
  });

  it('owes a reload that did not happen, also after a restart, until BIRD confirms it', async () => {
    const missing = join(bench.bird.dir, 'nobody.ctl');
    const pass = await bench.process({ socket: missing });
    const failed = await pass();
    expect(failed).toMatchObject({
      outcome: 'failed',
      error: { stage: 'reload', code: 'socket-missing', retryable: true },
    });
    expect(await bench.file).toContain('Mesh_192_0_2_2');
    expect((await bench.ledger()).confirmed).toBeNull();
    const restarted = await bench.process();
    expect(await restarted()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(await bench.protocols()).toContain('Mesh_192_0_2_2');
  });

  it('reloads although the data went back, when it is not known what BIRD runs', async () => {
    const pass = await bench.process();
    await pass();
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    const lost = await bench.process({ socket: join(bench.bird.dir, 'nobody.ctl') });
    expect(await lost()).toMatchObject({ outcome: 'failed' });
    bench.store.delete(resourceKey('Node', 'node-d'));
    // The files are as they were when BIRD last confirmed, but it may have read the others in between.
    expect(await lost()).toMatchObject({ outcome: 'failed', steps: ['commit', 'reload'] });
    const restarted = await bench.process();
    expect(await restarted()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
  });

  it('leaves files and daemon alone when BIRD refuses the bundle, and names line and resource', async () => {
    await (await bench.process())();
    const [file, before] = [await bench.file, await bench.reconfigured()];
    const templates = new Map(await readTemplates(builtInTemplates(), 'bird1'));
    templates.set('peer', 'protocol bgp {{name}} from bgp_template {\n  neighbour {{address}};\n}\n');
    const pass = await bench.process({ templates });
    const refused = await pass();
    expect(refused).toMatchObject({ outcome: 'failed', error: { stage: 'check', code: 'rejected', retryable: false } });
    expect(refused.error?.message).toMatch(/bird\.conf line \d+: .*neighbour 192\.0\.2\.2;.*nodes\/node-b/);
    expect([await bench.file, await bench.reconfigured()]).toEqual([file, before]);
    const again = await pass();
    expect(again.error).toBe(refused.error);
    expect(again.timings.check).toBeUndefined();
  });

  it('writes a changed comment without reloading', async () => {
    await (await bench.process())();
    const before = await bench.reconfigured();
    const newer = await bench.process({ version: 'newer' });
    expect(await newer()).toMatchObject({ outcome: 'committed', steps: ['commit'] });
    expect(await bench.file).toContain('birdconfd newer');
    expect(await bench.reconfigured()).toBe(before);
  });

  it('writes nothing while its own Node is unknown', async () => {
    await (await bench.process())();
    const file = await bench.file;
    bench.store.delete(resourceKey('Node', 'node-a'));
    const report = await (await bench.process())();
    expect(report).toMatchObject({ outcome: 'nothing-to-write', bundle: null });
    expect(report.diagnostics.map(({ code }) => code)).toContain('node-unknown');
    expect(await bench.file).toBe(file);
  });

  it('keeps the last good value of a key that turned invalid, also after a restart', async () => {
    bench.store.put(...peer('tor', { peerIP: '192.0.2.200', asNumber: 64500 }));
    const pass = await bench.process();
    await pass();
    const file = await bench.file;
    expect(file).toContain('Global_192_0_2_200');
    bench.store.put(...peer('tor', { peerIP: '192.0.2.200; }', asNumber: 64500 }));
    expect(await pass()).toMatchObject({ outcome: 'unchanged' });
    const restarted = await bench.process();
    const report = await restarted();
    expect(report).toMatchObject({ outcome: 'unchanged', steps: [] });
    expect(report.diagnostics).toMatchObject([{ code: 'invalid-value', path: ['spec', 'peerIP'] }]);
    expect(await bench.file).toBe(file);
  });

  it('repairs a file that somebody edited, and tells BIRD', async () => {
    const pass = await bench.process();
    await pass();
    const file = await bench.file;
    await writeFile(bench.bird.configFile, `${file}\n# edited\nprotocol static {}\n`);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['commit', 'reload'] });
    expect(await bench.file).toBe(file);
  });

  it('reports a state directory that cannot be written', async () => {
    const pass = await bench.process();
    await writeFile(bench.stateDir, 'a file in the way');
    await chmod(bench.stateDir, 0o600);
    const report = await pass();
    expect(report).toMatchObject({ outcome: 'failed', error: { stage: 'commit', retryable: true } });
    expect(await bench.file).toBe(BOOT_CONFIG);
  });
});
