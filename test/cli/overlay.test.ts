import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli, startCli } from '../support/cli.ts';
import { filter, node, peer, SMALL_CLUSTER } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/folder.ts';

const EXTRAS = {
  'extra-global': [
    '{{#if (is family 4)}}',
    'function is_ours() { return net ~ [ 198.51.100.0/24+ ]; }',
    '{{else}}',
    'function is_ours() { return net ~ [ 2001:db8::/32+ ]; }',
    '{{/if}}',
    '',
  ].join('\n'),
  'extra-peer': '  import limit 5000 action warn;\n',
  'extra-import': '    if (is_ours()) then reject;\n',
  'extra-export': '    if (!is_ours()) then reject;\n',
};

describe('--templates-overlay', () => {
  let dir: string;
  let overlay: string;
  beforeEach(async () => {
    dir = await temporaryFolder();
    overlay = join(dir, 'overlay');
    await mkdir(join(overlay, 'bird1'), { recursive: true });
    const spec = { peerIP: '203.0.113.1', asNumber: 64500, filters: ['f'] };
    const rule = { action: 'Accept', matchOperator: 'In', cidr: '192.0.2.0/24' };
    const entries = [...SMALL_CLUSTER, filter('f', { importV4: [rule], exportV4: [rule] }), peer('x', spec)];
    await writeFile(join(dir, 'etcd.json'), JSON.stringify(Object.fromEntries(entries)));
  });

  const override = (name: string, text: string) => writeFile(join(overlay, 'bird1', `${name}.hbs`), text);
  const args = (...more: readonly string[]) => {
    const common = ['--input', join(dir, 'etcd.json'), '--node', 'node-a', '--bird', '1.6'];
    return [...common, '--templates-overlay', overlay, ...more];
  };
  const out = (name = 'bird.conf') => readFile(join(dir, 'out', name), 'utf8');
  const render = (...more: readonly string[]) => runCli(['render', ...args('--output', join(dir, 'out'), ...more)]);

  it('puts the operator’s lines where the real BIRD takes them', async () => {
    for (const [name, text] of Object.entries(EXTRAS)) await override(name, text);
    expect(await render('--check', 'bird')).toEqual({ code: 0, out: '', err: '' });
    const text = await out();
    const session = text.slice(text.indexOf('protocol bgp Global_'));
    const order = (of: string, parts: readonly string[]) => parts.map((part) => of.indexOf(part));
    const places = [
      order(text, ['error wait time', 'function is_ours', "function 'bgp_f", 'protocol bgp ']),
      order(session, ['import filter', "'bgp_f_importFilterV4'", 'if (is_ours())', 'accept;']),
      order(session, ['export filter', "'bgp_f_exportFilterV4'", 'if (!is_ours())', 'calico_export_to_bgp_peers']),
    ];
    for (const place of places) {
      expect(Math.min(...place), JSON.stringify(places)).toBeGreaterThan(0);
      expect(place).toEqual([...place].sort((a, b) => a - b));
    }
    expect(text.match(/^ {2}import limit 5000 action warn;\n\}$/gm)).toHaveLength(3);
  });

  it('changes nothing where there is nothing in it', async () => {
    expect((await render()).code).toBe(0);
    const withOverlay = await out();
    overlay = join(dir, 'none');
    await mkdir(overlay);
    await runCli(['render', ...args('--output', join(dir, 'out')).filter((arg) => !/overlay|none$/.test(arg))]);
    expect(await out()).toBe(withOverlay);
  });

  it('is known by its variable too, and stands also where there are no sessions', async () => {
    await override('extra-global', '# mine\n');
    const env = { BIRDCONFD_TEMPLATES_OVERLAY: overlay };
    const without = args('--output', join(dir, 'out')).filter((arg) => !/overlay$/.test(arg));
    expect((await runCli(['render', ...without], { env })).code).toBe(0);
    expect(await out()).toContain('\n# mine\n');
    expect(await out('bird6.conf')).toMatch(/no IPv6 address: no sessions\.\n# mine\n$/);
  });

  it('is listed by check, for people and for scripts, with exit 0', async () => {
    await override('extra-peer', `{{!-- from birdconfd e3b0c44298fc --}}\n${EXTRAS['extra-peer']}`);
    await override('header', '# mine\n');
    const { code, err } = await runCli(['check', ...args()]);
    expect({ code, lines: err.trimEnd().split('\n') }).toEqual({
      code: 0,
      lines: [
        expect.stringMatching(/^warning template-overridden \S+\/extra-peer\.hbs: .*e3b0c44298fc$/),
        expect.stringMatching(/^warning template-outdated \S+\/header\.hbs: it does not say/),
        expect.stringMatching(/^warning template-overridden \S+\/header\.hbs: replaces bird1\/header\.hbs/),
      ],
    });
    const json = await runCli(['check', ...args('--json')]);
    expect(JSON.parse(json.out)).toMatchObject([
      { code: 'template-overridden', key: join(overlay, 'bird1/extra-peer.hbs') },
      { code: 'template-outdated', key: join(overlay, 'bird1/header.hbs') },
      { code: 'template-overridden', key: join(overlay, 'bird1/header.hbs') },
    ]);
  });

  it.each([['render'], ['check'], ['plan'], ['run', '--once']])(
    'refuses a broken one at the start: %s %s',
    async (...verb) => {
      await override('extra-peer', 'a;\n{{#if port}}\n');
      const { code, err } = await runCli([...verb, ...args('--output', join(dir, 'out'))]);
      expect(code).toBe(1);
      expect(err).toMatch(/^birdconfd.*: --templates-overlay: \S+\/extra-peer\.hbs:3: ends inside a block[^\n]*\n$/);
    },
  );

  it('makes goldens', async () => {
    const fixture = fileURLToPath(new URL('../../fixtures/mesh/alone', import.meta.url));
    await cp(fixture, join(dir, 'case'), { recursive: true });
    await override('extra-global', 'define MINE = 1;\n');
    const test = ['test', join(dir, 'case'), '--templates-overlay', overlay];
    expect((await runCli(test)).code).toBe(2);
    expect((await runCli([...test, '--update'])).code).toBe(0);
    expect((await runCli(test)).code).toBe(0);
    expect((await runCli(test.slice(0, 2))).code).toBe(2);
  });

  it('is read again on SIGHUP, and the old one kept where the new one is broken', async () => {
    const sockets = ['--bird-socket', join(dir, 'b.ctl'), '--bird6-socket', join(dir, 'b6.ctl')];
    await override('extra-peer', '  # first\n');
    const service = startCli(['run', ...args('--output', join(dir, 'out'), ...sockets, '--quiet-ms', '20')]);
    try {
      const eventuallyHolds = (text: string) => eventually(async () => expect(await out()).toContain(text));
      await eventuallyHolds('# first');
      await override('extra-peer', '  # second\n');
      service.child.kill('SIGHUP');
      await eventuallyHolds('# second');
      await override('extra-peer', '  # third\n{{#if}\n');
      service.child.kill('SIGHUP');
      await service.logged(/error settings-refused .*extra-peer\.hbs:2: /);
      const entries = [...SMALL_CLUSTER, node('node-e', '192.0.2.5/24')];
      await writeFile(join(dir, 'etcd.json'), JSON.stringify(Object.fromEntries(entries)));
      await eventuallyHolds('Mesh_192_0_2_5');
      expect(await out()).toContain('# second');
      expect((await service.stop()).code).toBe(0);
    } finally {
      await service.stop('SIGKILL');
    }
  });
});
