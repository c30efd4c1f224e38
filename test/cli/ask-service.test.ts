import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { statusText } from '../../src/cli/status-text.ts';
import { type Claim, claimStateDir } from '../../src/control/claim.ts';
import { controlRoutes, serveRoutes } from '../../src/control/server.ts';
import type { Digest } from '../../src/core/digest.ts';
import { UsageError } from '../../src/core/errors.ts';
import { EMPTY_RECORD, type LedgerRecord } from '../../src/host/ledger.ts';
import { askedOperations } from '../support/asked-operations.ts';
import { runCli, startCli } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';
import { HELD_NODE, SOUND_NODE } from '../support/service-reports.ts';

const DIGEST = 'a'.repeat(64) as Digest;
const LEDGER: LedgerRecord = {
  ...EMPTY_RECORD,
  live: { bytes: DIGEST, statements: DIGEST },
  confirmed: DIGEST,
  txn: { at: 'held', from: DIGEST, to: DIGEST, why: 'syntax error' },
  hold: { kinds: ['refused'], since: 0, why: ['syntax error'], until: null },
  history: [
    { bytes: DIGEST, statements: DIGEST, revision: '48210', release: null, at: Date.UTC(2026, 10, 22, 10, 2, 11) },
  ],
};

describe('the verbs that ask a running service', () => {
  let dir: string;
  let claim: Claim;
  let stub: ReturnType<typeof askedOperations>;

  beforeEach(async () => {
    dir = await temporaryFolder();
    claim = await claimStateDir(join(dir, 'state'));
    stub = askedOperations();
    claim.serve(serveRoutes(controlRoutes(stub.operations), () => undefined));
  });
  afterEach(() => claim.release());
  const run = (...args: readonly string[]) => runCli([...args, '--state-dir', join(dir, 'state')]);

  it('have it done, and say what came of it', async () => {
    expect(await run('approve', '--target', 'bird6')).toEqual({ code: 0, out: 'bird: confirmed\n', err: '' });
    expect((await run('resume')).code).toBe(0);
    expect((await run('reload', '--target', 'bird', '--target', 'bird6')).code).toBe(0);
    expect((await run('rollback')).code).toBe(0);
    expect((await run('rollback', '2', '--for', '30m', '--target', 'bird')).code).toBe(0);
    expect(stub.asked).toEqual([
      ['approve', ['bird6']],
      ['resume', null],
      ['reload', ['bird', 'bird6']],
      ['rollback', 1, 3_600_000, null],
      ['rollback', 2, 1_800_000, ['bird']],
    ]);
  });

  it('exit 6 when it is not confirmed or remains held', async () => {
    stub.result = { ok: false, lines: [{ target: 'bird', text: 'still held:\u001b[2J too few peers' }] };
    expect(await run('approve')).toEqual({ code: 6, out: 'bird: still held:\\u{1b}[2J too few peers\n', err: '' });
    const { code, out } = await run('approve', '--json');
    expect([code, JSON.parse(out)]).toEqual([6, stub.result]);
  });

  it('exit 1 with the reason when they are wrong, or the service refuses', async () => {
    expect(await run('approve', '--target', 'bird7')).toMatchObject({
      code: 1,
      err: /expected bird or bird6, found "bird7"/,
    });
    expect(await run('rollback', 'far')).toMatchObject({ code: 1, err: /rollback: back: expected a number from 1 on/ });
    expect(await run('rollback', '--for', 'ever')).toMatchObject({ code: 1, err: /for: expected a time such as 1h/ });
    expect(stub.asked).toEqual([]);
    stub.failure = new UsageError('the history of bird has 1 bundle: there is none before it');
    expect(await run('rollback')).toMatchObject({
      code: 1,
      err: 'birdconfd: rollback: the history of bird has 1 bundle: there is none before it\n',
    });
  });

  it('exit 1 where no service runs', async () => {
    await claim.release();
    const err = `birdconfd: no birdconfd is running on ${join(dir, 'state')}: start it or give --state-dir\n`;
    for (const verb of ['approve', 'resume', 'reload', 'rollback']) {
      expect(await run(verb)).toEqual({ code: 1, out: '', err });
    }
    expect(await run('status', '--ready')).toEqual({ code: 1, out: '', err });
  });

  it('status tells what is known without the service, where none runs or it cannot answer yet', async () => {
    const silent = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
    const row = '| bird   | silent | idle        | no   | never          | -        | -          |\n';
    const seen = async (why: string) => {
      const { code, out, err } = await run('status', ...silent);
      expect({ code, err }).toEqual({ code: 1, err: '' });
      expect(out).toContain(`birdconfd cannot be asked: ${why}.\n`);
      expect(out).toContain(row);
      expect(out).toContain('BGP sessions of bird6\nBIRD does not answer.\n');
    };
    await claim.release();
    await seen(`no birdconfd is running on ${join(dir, 'state')}: start it or give --state-dir`);
    const { code, out } = await run('status', '--json', ...silent);
    const target = { transaction: 'idle', holds: [], lastConfirmed: null, daemon: null, sessions: null };
    expect([code, JSON.parse(out)]).toMatchObject([
      1,
      { service: null, why: expect.stringContaining('no birdconfd'), targets: [{ name: 'bird', ...target }, target] },
    ]);
    await writeFile(join(dir, 'state/bird.json'), JSON.stringify(LEDGER));
    const held = await run('status', ...silent);
    expect(held.out).toContain(
      '| bird   | silent | held        | refused | 2026-11-22 10:02:11Z | 48210    | aaaaaaaaaaaa |\n',
    );
    await rm(join(dir, 'state/bird.json'));
    claim = await claimStateDir(join(dir, 'state'));
    await seen('birdconfd is starting');
  });

  it('status shows the report, without colour where there is no terminal', async () => {
    expect(await run('status')).toEqual({ code: 0, out: statusText(HELD_NODE, false), err: '' });
    expect(JSON.parse((await run('status', '--json')).out)).toEqual(HELD_NODE);
  });

  it('status --ready is for probes', async () => {
    expect(await run('status', '--ready')).toEqual({ code: 0, out: '', err: '' });
    stub.readiness = { ready: false, why: ['bird6: held'] };
    expect(await run('status', '--ready')).toEqual({ code: 1, out: 'not ready\nbird6: held\n', err: '' });
    expect((await run('status', '--ready', '--target', 'bird')).code).toBe(1);
    expect(stub.asked).toEqual([['readiness', ['bird']]]);
    expect(await run('status', '--ready=calicoo')).toMatchObject({
      code: 1,
      err: /--ready: expected nothing or calico/,
    });
  });

  it('status --ready=calico asks BIRD alone', async () => {
    await claim.release();
    const socket = join(dir, 'nobody.ctl');
    expect(await run('status', '--ready=calico', '--target', 'bird6', '--bird6-socket', socket)).toEqual({
      code: 1,
      out: `bird6: BIRD does not answer at ${socket}\n`,
      err: '',
    });
  });

  it('status --watch shows it again and again, until it is stopped', async () => {
    const watching = startCli(['status', '--watch=10ms', '--json', '--state-dir', join(dir, 'state')]);
    onTestFinished(() => watching.stop('SIGKILL').then(() => undefined));
    let out = '';
    watching.child.stdout.on('data', (text: string) => {
      out += text;
    });
    await eventually(() => expect(out.split('\n').length).toBeGreaterThan(2));
    stub.report = SOUND_NODE;
    await eventually(() => expect(JSON.parse(out.trimEnd().split('\n').at(-1) ?? '')).toEqual(SOUND_NODE));
    watching.child.kill('SIGINT');
    expect(await watching.finished).toMatchObject({ code: 0, err: '' });
    expect(await run('status', '--watch=never')).toMatchObject({ code: 1, err: /--watch: expected a time/ });
  });

  it('status --ready tells of a service that is only starting', async () => {
    await claim.release();
    claim = await claimStateDir(join(dir, 'state'));
    expect(await run('status', '--ready')).toEqual({ code: 1, out: 'birdconfd is starting\n', err: '' });
  });
});

describe('statusText', () => {
  it('colours words, and moves none', () => {
    const coloured = statusText(HELD_NODE, true);
    expect(coloured).toContain('\u001b[31mheld');
    expect(coloured).toContain('\u001b[32mconverged');
    expect(stripVTControlCharacters(coloured)).toBe(statusText(HELD_NODE, false));
  });

  it('tells what is known of a node in trouble', () => {
    const target = SOUND_NODE.targets[0]!;
    const text = statusText(
      {
        ...SOUND_NODE,
        datastore: {
          inSync: false,
          staleSince: '2026-11-22T10:00:00.000Z',
          staleSeconds: 131,
          lastError: 'etcd at http://10.0.0.1:2379 does not answer',
          revision: '48210',
        },
        targets: [
          {
            ...target,
            state: 'waiting',
            ready: false,
            why: 'BIRD has not taken the files yet',
            confirmed: null,
            peering: ['no session is Established: Mesh_x'],
            needsRestart: true,
            lastError: { stage: 'reload', code: 'socket-refused', message: 'nobody listens', since: target.since },
            sessions: null,
          },
          { ...target, name: 'bird6', state: 'starting', revision: null, live: null, confirmed: null, sessions: [] },
        ],
      },
      false,
    );
    for (const line of [
      'The data are stale since 2026-11-22 10:00:00Z, revision 48210: etcd at http://10.0.0.1:2379 does not answer',
      'bird: BIRD has not taken the files yet',
      'bird: no session is Established: Mesh_x',
      'bird: reload fails since 2026-11-22 10:02:11Z (socket-refused): nobody listens',
      'bird: BIRD takes its new listening address or port only when it is restarted',
      '| bird   | waiting  | 2026-11-22 10:02:11Z | no    | 48210    | 3f9c2a71d0be, BIRD - |',
      '| bird6  | starting | 2026-11-22 10:02:11Z | yes   | -        | -                    |',
      'BGP sessions of bird\nBIRD does not answer.',
      'BGP sessions of bird6\nThere are none.',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('says nothing beside the tables where all is well', () => {
    expect(
      statusText(SOUND_NODE, false)
        .split('\n')
        .filter((line) => /^[^|+]/.test(line)),
    ).toEqual([
      'birdconfd 0.1.0 runs for worker-3 since 2026-11-18 09:12:40Z, pid 4711.',
      'The data are in sync, revision 48210.',
      'BGP sessions of bird',
    ]);
  });

  it('lets no text from the data steer the terminal', () => {
    const [target] = SOUND_NODE.targets;
    const evil = { name: 'Mesh_x', neighbor: '\u001b[2J', state: 'up\n', info: 'a\rb', since: '\u202e' };
    const session = { ...evil, established: false, importedRoutes: null };
    const text = statusText({ ...SOUND_NODE, targets: [{ ...target!, sessions: [session] }] }, false);
    expect(text).not.toMatch(/[\u001b\r\u202e]/);
    expect(text).toContain('| \\u{1b}[2J    | node-to-node mesh | up\\u{a} | \\u{202e} | a\\u{d}b |');
  });
});
