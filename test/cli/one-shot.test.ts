import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ledgerPath } from '../../src/host/ledger.ts';
import { OPTIONS } from '../../src/option-table.ts';
import { runCli } from '../support/cli.ts';
import { peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';

describe('the verbs that run once', () => {
  let dir: string;
  let input: string;
  let output: string;
  beforeEach(async () => {
    dir = await temporaryFolder();
    input = join(dir, 'etcd.json');
    output = join(dir, 'out');
    await writeFile(input, JSON.stringify(Object.fromEntries(SMALL_CLUSTER)));
  });

  const common = () => ['--input', input, '--node', 'node-a', '--bird', '1.6'];
  const add = (entry: readonly [string, string]) =>
    writeFile(input, JSON.stringify(Object.fromEntries([...SMALL_CLUSTER, entry])));

  it('renders a file a daemon, readable by the group only', async () => {
    const { code, err } = await runCli(['render', ...common(), '--output', output]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(await readFile(join(output, 'bird.conf'), 'utf8')).toContain('protocol bgp Mesh_192_0_2_2 ');
    expect(await readFile(join(output, 'bird6.conf'), 'utf8')).toContain('no IPv6 address');
    expect((await stat(join(output, 'bird.conf'))).mode & 0o777).toBe(0o640);
  });

  it('renders what it can, names what is wrong, and exits 3', async () => {
    await add(peer('bad', { peerIP: '192.0.2.9; }', asNumber: 64500 }));
    const { code, err } = await runCli(['render', ...common(), '--output', output]);
    expect(code).toBe(3);
    expect(err).toMatch(
      /^error invalid-value \S+bgppeers\/bad spec\.peerIP: expected an address.*found "192\.0\.2\.9; }"$/m,
    );
    expect(await readFile(join(output, 'bird.conf'), 'utf8')).toContain('Mesh_192_0_2_3');
  });

  it('has BIRD check before it writes, and exits 5 without writing', async () => {
    const templates = join(dir, 'templates');
    await cp(new URL('../../templates', import.meta.url), templates, { recursive: true });
    await writeFile(join(templates, 'bird1/peer.hbs'), 'no such statement;\n');
    const args = ['render', ...common(), '--templates', templates, '--check', 'bird', '--output', output];
    const { code, err } = await runCli(args);
    expect({ code, err }).toEqual({ code: 5, err: expect.stringMatching(/BIRD refuses .*bird\.conf/) });
    await expect(stat(join(output, 'bird.conf'))).rejects.toThrow('ENOENT');
  });

  it('exits 3 where its own Node is unknown, and writes nothing', async () => {
    const args = ['render', '--input', input, '--node', 'stranger', '--bird', '1.6', '--output', output];
    const { code, err } = await runCli(args);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringMatching(/node-unknown .*"stranger"/) });
    await expect(stat(join(output, 'bird.conf'))).rejects.toThrow('ENOENT');
  });

  it('exits 4 where no datastore answers', async () => {
    const args = [
      'render',
      '--endpoints',
      'http://127.0.0.1:1',
      '--node',
      'node-a',
      '--bird',
      '1.6',
      '--output',
      output,
    ];
    const { code, err } = await runCli(args);
    expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('127.0.0.1:1') });
  });

  it('checks data as JSON for scripts', async () => {
    await add(peer('typo', { peerIP: '192.0.2.9', asNumber: 64500, keepAliveTyme: '9s' }));
    const { code, out } = await runCli(['check', ...common(), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject([
      { severity: 'warning', code: 'unknown-field', path: ['spec', 'keepAliveTyme'] },
    ]);
  });

  it('says what is wrong with the command line, and exits 1', async () => {
    expect(await runCli(['render', '--layuot', 'single'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/layuot/),
    });
    expect(await runCli(['render', '--bird', '3'])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/--bird: expected/),
    });
    expect(await runCli([])).toMatchObject({ code: 1, err: expect.stringMatching(/Usage: birdconfd/) });
    expect(await runCli(['--help'])).toMatchObject({ code: 0, out: expect.stringMatching(/render/) });
  });

  it('helps with every option, whichever way it is asked, though a call of one verb knows none of the others', async () => {
    const help = await runCli(['render', '--help']);
    for (const { name } of OPTIONS) expect(help.out).toContain(`--${name}`);
    expect(await runCli(['help', 'render'])).toEqual(help);
    const verbs = (await runCli(['--help'])).out;
    for (const name of ['run', 'render', 'plan']) expect(verbs).toContain(`${name} [options]`);
  });

  it('has nothing to run where BIRD does not do the networking', async () => {
    const env = { CALICO_NETWORKING_BACKEND: 'none' };
    const { code, out } = await runCli(['run', ...common(), '--output', output], { env });
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/^birdconfd: nothing to run.*BACKEND=none\)\n$/),
    });
    expect((await runCli(['render', ...common(), '--output', output], { env })).code).toBe(0);
  });

  it('converges once: exit 6 where no BIRD answers, with the files written', async () => {
    const sockets = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
    const { code, err } = await runCli(['run', '--once', ...common(), ...sockets, '--output', output]);
    expect({ code, err }).toEqual({ code: 6, err: expect.stringMatching(/socket-missing/) });
    expect(await readFile(join(output, 'bird.conf'), 'utf8')).toContain('Mesh_192_0_2_2');
  });

  it('makes whole what a predecessor left half done, also where the data cannot be had', async () => {
    const sockets = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
    const once = () => runCli(['run', '--once', ...common(), ...sockets, '--output', output]);
    await once();
    const file = join(output, 'bird.conf');
    const whole = await readFile(file, 'utf8');
    const path = ledgerPath(join(output, '.birdconfd'), 'bird');
    const { txn, ...ledger } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...ledger, txn: { ...txn, at: 'committing' } }));
    await writeFile(file, 'half of');
    await rm(input);
    const { code, err } = await once();
    expect({ code, err }).toEqual({ code: 4, err: expect.stringMatching(/found=committing/) });
    expect(await readFile(file, 'utf8')).toBe(whole);
  });

  it('runs from anywhere without node_modules', async () => {
    const elsewhere = join(dir, 'elsewhere');
    await mkdir(elsewhere);
    await cp(new URL('../../dist', import.meta.url), elsewhere, { recursive: true });
    const { execa } = await import('execa');
    const args = [join(elsewhere, 'main.js'), 'render', ...common(), '--output', output];
    const { exitCode } = await execa(process.execPath, args, { cwd: '/', env: { NODE_PATH: '' }, reject: false });
    expect(exitCode).toBe(0);
    expect(await readFile(join(output, 'bird.conf'), 'utf8')).toContain('Mesh_192_0_2_2');
  });
});
