import { chmod, mkdir, readdir, rename, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isSameMoment } from '../../src/bird/same-moment.ts';
import { resourceKey } from '../../src/core/keys.ts';
import { ledgerPath } from '../../src/host/ledger.ts';
import { builtInTemplates, readTemplates } from '../../src/host/read-templates.ts';
import { laterThanLast, startBird, type TestBird } from '../support/bird.ts';
import { node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { BOOT_CONFIG, TargetBench } from '../support/target-bench.ts';

describe('one pass on a real BIRD', () => {
  let bird: TestBird;
  let bench: TargetBench;
  beforeEach(async () => {
    bird = await startBird(BOOT_CONFIG);
    bench = await TargetBench.over(bird, SMALL_CLUSTER);
  });
  afterEach(() => bird.stop());

  /** A process: its pass, with its own memory, begun from the ledger on disk. */
  const begin = async (options: Parameters<TargetBench['process']>[0] = {}) => (await bench.process(options)).pass;
  const protocols = async (): Promise<readonly string[]> => {
    const { lines } = await bird.ask('show protocols');
    return lines.filter(({ code }) => code === 1002).map(({ text }) => text.split(' ')[0] ?? '');
  };
  /** BIRD's word for when it was last reconfigured. */
  const reconfigured = async (): Promise<string> => {
    const { lines } = await bird.ask('show status');
    const line = lines.map(({ text }) => text).find((text) => text.startsWith('Last reconfiguration on ')) ?? '';
    return line.slice('Last reconfiguration on '.length);
  };

  it('checks, commits, reloads and confirms; a second pass does nothing at all', async () => {
    const pass = await begin();
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['commit', 'reload'], error: null });
    expect(await protocols()).toEqual(expect.arrayContaining(['Mesh_192_0_2_2', 'Mesh_192_0_2_3']));
    const before = await reconfigured();
    expect(await pass()).toMatchObject({ outcome: 'unchanged', steps: [] });
    expect(await reconfigured()).toBe(before);
    const { live, confirmed, boot } = await bench.ledger();
    expect(confirmed).toBe(live?.statements);
    expect(boot).toMatch(/\d/);
  });

  it('owes a reload that did not happen, also after a restart, until BIRD confirms it', async () => {
    const missing = join(bird.dir, 'nobody.ctl');
    const pass = await begin({ socket: missing });
    const failed = await pass();
    expect(failed).toMatchObject({
      outcome: 'failed',
      error: { stage: 'reload', code: 'socket-missing', retryable: true },
    });
    expect(await bench.file).toContain('Mesh_192_0_2_2');
    expect((await bench.ledger()).confirmed).toBeNull();
    const restarted = await begin();
    expect(await restarted()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
    expect(await protocols()).toContain('Mesh_192_0_2_2');
  });

  it('reloads although the data went back, when it is not known what BIRD runs', async () => {
    const pass = await begin();
    await pass();
    bench.store.put(...node('node-d', '192.0.2.4/24'));
    const lost = await begin({ socket: join(bird.dir, 'nobody.ctl') });
    expect(await lost()).toMatchObject({ outcome: 'failed' });
    bench.store.delete(resourceKey('Node', 'node-d'));
    // The files are as they were when BIRD last confirmed, but it may have read the others in between.
    expect(await lost()).toMatchObject({ outcome: 'failed', steps: ['commit', 'reload'] });
    const restarted = await begin();
    expect(await restarted()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
  });

  it('leaves files and daemon alone when BIRD refuses the bundle, and names line and resource', async () => {
    await (await begin())();
    const [file, before] = [await bench.file, await reconfigured()];
    const templates = new Map(await readTemplates(builtInTemplates(), 'bird1'));
    templates.set('peer', 'protocol bgp {{name}} from bgp_template {\n  neighbour {{address}};\n}\n');
    const pass = await begin({ templates });
    const refused = await pass();
    expect(refused).toMatchObject({ outcome: 'failed', error: { stage: 'check', code: 'rejected', retryable: false } });
    expect(refused.error?.message).toMatch(/bird\.conf line \d+: .*neighbour 192\.0\.2\.2;.*nodes\/node-b/);
    expect(await bench.file).toBe(file);
    expect(isSameMoment(await reconfigured(), before)).toBe(true);
    const again = await pass();
    expect(again.error).toBe(refused.error);
    expect(again.timings.check).toBeUndefined();
  });

  describe('where BIRD refuses what follows from one value that is valid', () => {
    const templates = async () => {
      const texts = new Map(await readTemplates(builtInTemplates(), 'bird1'));
      return texts.set('extra-peer', '{{#if keepaliveSeconds}}  keepalive time {{keepaliveSeconds}} hours;\n{{/if}}\n');
    };
    const tor = (address: string, more: object = {}) => peer(address, { peerIP: address, asNumber: 64500, ...more });

    it('goes on with the value before, and with everything else; a restart changes nothing', async () => {
      bench.store.put(...tor('192.0.2.200'));
      const pass = await begin({ templates: await templates() });
      await pass();
      bench.store.put(...tor('192.0.2.200', { keepaliveTime: '10s', sourceAddress: 'None' }));
      bench.store.put(...tor('192.0.2.201'));
      const report = await pass();
      expect(report).toMatchObject({ outcome: 'confirmed', error: null });
      expect(report.diagnostics).toMatchObject([
        { code: 'refused-by-bird', key: resourceKey('BGPPeer', '192.0.2.200') },
      ]);
      expect(report.diagnostics[0]?.message).toMatch(
        /bird\.conf line \d+: .*keepalive time 10 hours.*the value before/,
      );
      expect(await protocols()).toEqual(expect.arrayContaining(['Global_192_0_2_200', 'Global_192_0_2_201']));
      const file = await bench.file;
      expect(file).toMatch(/Global_192_0_2_200[^}]*source address/);
      const restarted = await (await begin({ templates: await templates() }))();
      expect(restarted).toMatchObject({ outcome: 'unchanged', diagnostics: report.diagnostics });
      expect(await bench.file).toBe(file);
      bench.store.put(...tor('192.0.2.200', { sourceAddress: 'None' }));
      expect(await pass()).toMatchObject({ outcome: 'confirmed', diagnostics: [] });
      expect(await bench.file).not.toMatch(/Global_192_0_2_200[^}]*source address/);
    });

    it('goes on with the value that BIRD took last when one bad value follows another', async () => {
      bench.store.put(...tor('192.0.2.200', { sourceAddress: 'None' }));
      const pass = await begin({ templates: await templates() });
      await pass();
      const file = await bench.file;
      for (const keepaliveTime of ['10s', '20s']) {
        for (const last of [200, 201]) bench.store.put(...tor(`192.0.2.${last}`, { keepaliveTime }));
        const report = await pass();
        expect(report).toMatchObject({ outcome: 'unchanged', error: null });
        expect(report.diagnostics.map(({ code }) => code)).toEqual(['refused-by-bird', 'refused-by-bird']);
        expect(await bench.file).toBe(file);
      }
    });

    it('looks for the guilty one again when the search was cut short', async () => {
      const binary = join(bird.dir, 'bird-once');
      const install = (last = '') =>
        writeFile(binary, `#!/bin/sh\n${last}\nexec /usr/sbin/bird "$@"\n`, { mode: 0o755 });
      await install();
      const pass = await begin({ templates: await templates(), binary });
      await pass();
      bench.store.put(...tor('192.0.2.200', { keepaliveTime: '10s' }));
      bench.store.put(...tor('192.0.2.201'));
      await install('rm "$0"');
      expect(await pass()).toMatchObject({ outcome: 'failed', error: { code: 'checker-missing', retryable: true } });
      await install();
      expect(await pass()).toMatchObject({ outcome: 'confirmed', diagnostics: [{ code: 'refused-by-bird' }] });
      expect(await protocols()).toContain('Global_192_0_2_201');
    });

    it('does without several that are new', async () => {
      const pass = await begin({ templates: await templates() });
      await pass();
      for (const last of [200, 201, 202]) bench.store.put(...tor(`192.0.2.${last}`, { keepaliveTime: '10s' }));
      bench.store.put(...tor('192.0.2.203'));
      const report = await pass();
      expect(report).toMatchObject({ outcome: 'confirmed', error: null });
      expect(report.diagnostics.map(({ code }) => code)).toEqual(Array(3).fill('refused-by-bird'));
      expect(await protocols()).toContain('Global_192_0_2_203');
      expect(await protocols()).not.toContain('Global_192_0_2_200');
    });

    it('gives up no session for a value that it does not know better', async () => {
      bench.store.put(...tor('192.0.2.200', { keepaliveTime: '10s' }));
      await (await begin())();
      bench.store.put(...tor('192.0.2.201'));
      const file = await bench.file;
      const report = await (await begin({ templates: await templates() }))();
      expect(report).toMatchObject({ outcome: 'failed', error: { code: 'rejected' } });
      expect(await bench.file).toBe(file);
    });
  });

  it('writes a changed comment without reloading', async () => {
    await (await begin())();
    const before = await reconfigured();
    const newer = await begin({ version: 'newer' });
    expect(await newer()).toMatchObject({ outcome: 'committed', steps: ['commit'] });
    expect(await bench.file).toContain('birdconfd newer');
    expect(isSameMoment(await reconfigured(), before)).toBe(true);
  });

  it('writes nothing while its own Node is unknown', async () => {
    await (await begin())();
    const file = await bench.file;
    bench.store.delete(resourceKey('Node', 'node-a'));
    const report = await (await begin())();
    expect(report).toMatchObject({ outcome: 'nothing-to-write', bundle: null });
    expect(report.diagnostics.map(({ code }) => code)).toContain('node-unknown');
    expect(await bench.file).toBe(file);
  });

  it('keeps the last good value of a key that turned invalid, also after a restart', async () => {
    bench.store.put(...peer('tor', { peerIP: '192.0.2.200', asNumber: 64500 }));
    const pass = await begin();
    await pass();
    const file = await bench.file;
    expect(file).toContain('Global_192_0_2_200');
    bench.store.put(...peer('tor', { peerIP: '192.0.2.200; }', asNumber: 64500 }));
    expect(await pass()).toMatchObject({ outcome: 'unchanged' });
    const restarted = await begin();
    const report = await restarted();
    expect(report).toMatchObject({ outcome: 'unchanged', steps: [] });
    expect(report.diagnostics).toMatchObject([{ code: 'invalid-value', path: ['spec', 'peerIP'] }]);
    expect(await bench.file).toBe(file);
  });

  it('repairs a file that somebody edited, and tells BIRD', async () => {
    const pass = await begin();
    await pass();
    const file = await bench.file;
    await writeFile(bird.configFile, `${file}\n# edited\nprotocol static {}\n`);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['commit', 'reload'] });
    expect(await bench.file).toBe(file);
  });

  it('counts an edit by another hand once, also when the passes that see it have to wait', async () => {
    const waiting = await begin();
    await waiting(false);
    await writeFile(bird.configFile, `${await bench.file}\n# edited\n`);
    bench.store.delete(resourceKey('Node', 'node-c'));
    for (let passes = 0; passes < 3; passes++)
      expect(await waiting(false)).toMatchObject({ outcome: 'waiting', hold: null });
    expect((await bench.ledger()).foreignWrites).toHaveLength(1);
    expect(await (await begin())()).toMatchObject({ outcome: 'confirmed', hold: null });
    await writeFile(bird.configFile, `${await bench.file}\n# edited\n`);
    expect(await (await begin())()).toMatchObject({ outcome: 'held', hold: { kinds: ['foreign-writer'] } });
  });

  it('does not take what it wrote itself for the work of another, when it died before it could keep that', async () => {
    await (await begin())();
    const ledger = ledgerPath(bench.stateDir, 'bird');
    // As if it had died right after the files were in place: from there on the ledger cannot be written.
    let asked = 0;
    const destination = async () => {
      // Who owns them is asked before that as well.
      if (asked++ > 0) {
        await rename(ledger, `${ledger}.kept`);
        await mkdir(ledger);
      }
      return { output: bird.dir, mode: 0o640, uid: null, gid: null };
    };
    const dies = await begin({ version: 'newer', destination });
    expect(await dies()).toMatchObject({ outcome: 'failed', steps: [] });
    expect(await bench.file).toContain('birdconfd newer');
    await rmdir(ledger);
    await rename(`${ledger}.kept`, ledger);
    const leftover = join(bird.dir, '.bird.conf.birdconfd-previous');
    await writeFile(leftover, '');
    const before = await reconfigured();
    const next = await begin({ version: 'newer' });
    expect(await next()).toMatchObject({ outcome: 'committed', hold: null });
    expect(await bench.ledger()).toMatchObject({ foreignWrites: [], live: expect.anything() });
    expect(await readdir(bird.dir)).not.toContain(basename(leftover));
    expect(isSameMoment(await reconfigured(), before)).toBe(true);
    expect(await next()).toMatchObject({ outcome: 'unchanged' });
  });

  it('reports a ledger that cannot be written when BIRD is another one, and does not say that BIRD is silent', async () => {
    const { pass, poll, status } = await bench.process();
    await pass();
    await laterThanLast(bird);
    await bird.restart();
    const ledger = ledgerPath(bench.stateDir, 'bird');
    await rename(ledger, `${ledger}.kept`);
    await mkdir(ledger);
    expect(await poll()).toBe(true);
    expect(await pass()).toMatchObject({ outcome: 'failed', error: { stage: 'commit', retryable: true } });
    expect((await status()).why).toContain(ledger);
    await rmdir(ledger);
    await rename(`${ledger}.kept`, ledger);
    expect(await pass()).toMatchObject({ outcome: 'confirmed', steps: ['reload'] });
  });

  it('reports a state directory that cannot be written', async () => {
    const pass = await begin();
    await writeFile(bench.stateDir, 'a file in the way');
    await chmod(bench.stateDir, 0o600);
    const report = await pass();
    expect(report).toMatchObject({ outcome: 'failed', error: { stage: 'commit', retryable: true } });
    expect(await bench.file).toBe(BOOT_CONFIG);
  });
});
