import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const FILTERS = '/calico/bgp/v1/global/custom_filters/v4';
const GOOD = 'if ( net ~ 198.51.100.0/24 ) then { accept; }';

describe('custom filters of Calico 0.23 to 2.6', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await temporaryFolder();
    const data = {
      '/calico/bgp/v1/host/node-a/ip_addr_v4': '192.0.2.1',
      [`${FILTERS}/good`]: GOOD,
      [`${FILTERS}/bad`]: 'acept;',
      [`${FILTERS}/worse`]: 'accept; } protocol static { route 0.0.0.0/0 blackhole; } function other() {',
    };
    await writeFile(join(dir, 'in.json'), JSON.stringify(data));
  });

  const render = async (...args: readonly string[]) => {
    const common = ['--input', join(dir, 'in.json'), '--node', 'node-a', '--bird', '1.6', '--output', dir];
    const { code, err } = await runCli(['render', ...common, ...args]);
    const told = err.split('\n').map((line) => line.split(':')[0]?.replace(/\/calico.*\//, ''));
    return { code, told: told.filter((line) => line), text: await readFile(join(dir, 'bird.conf'), 'utf8') };
  };

  it('are not used, and told', async () => {
    const { code, told, text } = await render();
    expect({ code, told }).toEqual({
      code: 0,
      told: ['bad', 'good', 'worse'].map((name) => `warning custom-filter-ignored ${name}`),
    });
    expect(text).not.toContain('custom_filters');
  });

  it('are used where they are allowed, each that BIRD takes alone', async () => {
    const { code, told, text } = await render('--allow-custom-filters');
    expect({ code, told }).toEqual({
      code: 3,
      told: ['bad', 'worse'].map((name) => `error custom-filter-refused ${name}`),
    });
    expect(text).toContain(`function custom_filters ()\n{\n${GOOD}\n}`);
    expect(text).toMatch(/calico_aggr\(\);\n {2}custom_filters\(\);/);
    expect(text).not.toContain('blackhole');
  });
});
