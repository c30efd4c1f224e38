import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MAIN, runCli } from '../support/cli.ts';
import { block, node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { temporaryFolder } from '../support/folder.ts';

describe('birdconfd plan --all-nodes', () => {
  let dir: string;
  const path = (name: string) => join(dir, name);
  const put = (name: string, ...more: readonly (readonly [string, string])[]) =>
    writeFile(path(name), JSON.stringify(Object.fromEntries([...SMALL_CLUSTER, ...more])));
  const all = (...args: readonly string[]) => runCli(['plan', '--all-nodes', '--input', path('after.json'), ...args]);
  const against = (what: string, ...args: readonly string[]) => all('--against', path(what), ...args);

  beforeEach(async () => {
    dir = await temporaryFolder();
    await put('before.json');
    await put('after.json', node('node-b', '192.0.2.2/24', { asNumber: 64555 }), block('node-c', '198.51.100.64/26'));
  });

  it('says of each node what a change of data does to its sessions', async () => {
    const { code, out, err } = await against('before.json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    const rows = out.split('\n').filter((line) => line.startsWith('| node-'));
    expect(
      rows.map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
    ).toEqual([
      ['node-b', '2', '0', '0', '0', ''],
      ['node-a', '1', '0', '0', '0', ''],
      ['node-c', '1', '0', '0', '1', 'routes'],
    ]);
    expect(out).toContain('3 of 3 nodes changed; sessions of nodes: 4 restarted, 0 removed, 0 added, 1 re-filtered\n');
  });

  it('exits by a limit, out of the sessions that there were', async () => {
    const codes = ['4', '3', '67%', '66%', 'some'].map(async (limit) => {
      const { code } = await against('before.json', '--max-restarted', limit);
      return code;
    });
    expect(await Promise.all(codes)).toEqual([0, 2, 0, 2, 1]);
  });

  it('finds nothing where nothing changed', async () => {
    expect(await against('after.json')).toEqual({
      code: 0,
      out: '0 of 3 nodes changed; sessions of nodes: 0 restarted, 0 removed, 0 added, 0 re-filtered\n',
      err: '',
    });
  });

  it('compares with the files of the nodes, as they lie there', async () => {
    for (const name of ['node-a', 'node-b', 'node-c']) {
      const output = path(`nodes/${name}`);
      expect((await runCli(['render', '--input', path('before.json'), '--node', name, '--output', output])).code).toBe(
        0,
      );
    }
    const { code, out } = await against('nodes', '--json');
    expect(code).toBe(2);
    const { impact, nodes } = JSON.parse(out);
    expect(impact).toMatchObject({ nodes: 3, nodesChanged: 3, sessions: { restarted: 4 } });
    expect(nodes[1]).toMatchObject({ node: 'node-b', status: 'failed' });
    expect(nodes[1].daemons[0].sessions[0]).toMatchObject({ name: 'Mesh_192_0_2_1', fate: 'restarted' });
  });

  it('compares with another tree of templates', async () => {
    await cp(join(MAIN, '../templates'), path('templates'), { recursive: true });
    const text = await readFile(path('templates/bird1/bird.hbs'), 'utf8');
    await writeFile(path('templates/bird1/bird.hbs'), text.replace('connect retry time 5', 'connect retry time 7'));
    const { code, out } = await against('templates');
    expect(code).toBe(2);
    expect(out).toContain('3 of 3 nodes changed; sessions of nodes: 6 restarted');
  });

  it('writes what it found as a page, with the whole cluster drawn', async () => {
    await put('after.json', peer('tor', { peerIP: '192.0.2.254', asNumber: 64500 }));
    expect((await against('before.json', '--html', path('plan.html'))).code).toBe(2);
    const page = await readFile(path('plan.html'), 'utf8');
    expect(page.match(/class="link added" data-sessions="1"/g)).toHaveLength(3);
    expect(page.match(/class="link unchanged" data-sessions="1"/g)).toHaveLength(3);
  });

  it('asks what to compare with, and takes no path that is none', async () => {
    expect(await all()).toMatchObject({ code: 1, err: expect.stringContaining('--against') });
    expect(await against('nowhere')).toMatchObject({ code: 1, err: expect.stringContaining('there is nothing') });
  });

  it('shows how far it is where standard error is a terminal, and leaves nothing of it', async () => {
    const command = `${process.execPath} ${MAIN} plan --all-nodes --input ${path('after.json')} --against ${path('before.json')} >/dev/null`;
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    await once(child, 'close');
    expect(shown).toMatch(/^\rcomparing nodes ░{30} 0\/3.*\r\x1b\[K$/s);
  });
});
