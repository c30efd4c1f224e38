import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await temporaryFolder();
  for (const name of ['conf.d', 'templates']) await mkdir(join(dir, name));
  await put('templates/t.hbs', 'as {{getv "/app/as"}}\n');
  await put('conf.d/one.toml', `[template]\nsrc = "t.hbs"\ndest = "${dir}/one"\nkeys = ["/app"]\n`);
});

const put = (name: string, text: string) => writeFile(join(dir, name), text);
const confd = (...words: readonly string[]) =>
  runCli(['confd', ...words, '-confdir', dir, '-config-file', join(dir, 'confd.toml'), '-state-dir', join(dir, 's')], {
    env: { APP_AS: '64512' },
  });

it('unknown keys are a warning while processing, and errors for check', async () => {
  await put('confd.toml', 'backend = "env"\nlog_levle = "debug"\n');
  await put('conf.d/two.toml', `[template]\nsrc = "t.hbs"\ndest = "${dir}/two"\nkeys = ["/app"]\nowners = "nginx"\n`);
  const once = await confd('-onetime');
  expect(once.code).toBe(0);
  expect(once.err).toMatch(/ warn unknown-settings keys=log_levle$/m);
  expect(once.err).toMatch(/ warn diagnostic .*two\.toml.*owners.*is it owner\?/);
  const check = await confd('check');
  expect(check.code).toBe(1);
  expect(check.out).toMatch(/^error unknown-field .*two\.toml template\.owners: .*is it owner\?$/m);
  expect(check.out).toMatch(/^error unknown-field confd\.toml log_levle: /m);
  expect(check.out.trim().split('\n')).toHaveLength(2);
});

it('check is content with what is right, and asks no backend', async () => {
  expect(await confd('check', '-node', '127.0.0.1:1')).toEqual({ code: 0, out: '', err: '' });
});

it('check finds a template that is none, a function that is not there, and a missing template', async () => {
  for (const [name, text] of [
    ['broken', '{{#if}'],
    ['unknown', '{{nofunction "x"}}'],
    ['missing', null],
  ] as const) {
    if (text !== null) await put(`templates/${name}`, text);
    await put(`conf.d/${name}.toml`, `[template]\nsrc = "${name}"\ndest = "${dir}/${name}"\n`);
  }
  const { code, out } = await confd('check');
  expect(code).toBe(1);
  expect(out).toMatch(/broken\.toml template\.src: broken:1: no Handlebars/);
  expect(out).toMatch(/unknown\.toml template\.src: unknown:1:.*no function nofunction/);
  expect(out).toMatch(/missing\.toml template\.src: Missing template: .*templates\/missing/);
  expect(out.trim().split('\n')).toHaveLength(3);
});

it('-version and -help are answered whatever else is wrong; an unknown flag exits with 1', async () => {
  for (const flag of ['-version', '--version', '-version=1']) {
    const { code, out } = await runCli(['confd', '-backend', 'nonsense', flag]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^confd \d+\.\d+\.\d+ \(birdconfd, Node \d+/)]);
  }
  const help = await runCli(['confd', '-help']);
  expect(help.code).toBe(0);
  expect(help.out).toContain('-client-ca-keys VALUE');
  const wrong = await runCli(['confd', '-nonsense']);
  expect([wrong.code, wrong.err]).toEqual([1, 'confd: flag provided but not defined: -nonsense; see confd -help\n']);
});
