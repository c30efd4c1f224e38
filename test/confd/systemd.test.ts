import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MAIN } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const UNIT = 'web@eu-1.service; $(touch DIR/pwned)';

/**
 * A confdir with two resources that reload a unit of systemd, and runs of confd over it. What they find as systemctl stands for that of a
 * machine that systemd runs: it notes each of its words on a line, and fails while DIR/broken is there. It lies where confd looks first, in
 * a mount namespace of the run's own.
 */
async function machine({ lines = '', systemctl = true } = {}) {
  const dir = await temporaryFolder();
  for (const name of ['conf.d', 'templates', 'out', 'sbin']) await mkdir(join(dir, name));
  await writeFile(join(dir, 'templates/t'), 'v={{getv "/v"}}\n');
  const unit = UNIT.replace('DIR', dir);
  for (const name of ['one', 'two'])
    await writeFile(
      join(dir, 'conf.d', `${name}.toml`),
      `[template]\nsrc = "t"\ndest = "${dir}/out/${name}"\nkeys = ["/v"]\nreload_mode = "systemd"\nsystemd_unit = '${unit}'\n${lines}\n`,
    );
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >> ${dir}/argv\nenv > ${dir}/env\ntest ! -e ${dir}/slow || exec sleep 300\ntest ! -e ${dir}/broken || { echo 'Job failed.' >&2; exit 3; }\n`;
  await writeFile(join(dir, 'sbin/systemctl'), script);
  await chmod(join(dir, 'sbin/systemctl'), 0o755);
  await writeFile(join(dir, 'keys.yaml'), 'v: 1');
  const args = ['-onetime', '-confdir', dir, '-config-file', '/nonexistent', '-state-dir', join(dir, 'state')];
  const hidden = systemctl
    ? ''
    : 'for f in /usr/bin /bin /usr/sbin /sbin; do test ! -e $f/systemctl || mount --bind /dev/null $f/systemctl; done;';
  const mounts = `${systemctl ? `mount --bind ${dir}/sbin /usr/local/sbin` : 'true'} && { ${hidden} exec "$@"; }`;
  return {
    dir,
    unit,
    read: (name: string) => readFile(join(dir, name), 'utf8').catch(() => null),
    async run() {
      const command = [process.execPath, MAIN, 'confd', 'file', '-file', join(dir, 'keys.yaml'), ...args];
      const child = spawn('unshare', ['--mount', 'sh', '-c', mounts, 'sh', ...command], {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SECRET: 'hunter2' },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let err = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      const [code] = await once(child, 'close');
      return { code, err };
    },
  };
}

it('has systemctl reload the unit, once for all resources with it, by its name, through no shell and with no variables of ours', async () => {
  const { run, read, unit } = await machine();
  expect((await run()).code).toBe(0);
  expect(await read('argv')).toBe(`try-reload-or-restart\n--\n${unit}\n`);
  expect(await read('pwned')).toBeNull();
  expect(await read('env')).not.toContain('hunter2');
});

it('owes the reload while systemctl fails, tells what it said, and pays it with the next run, also one that changes nothing', async () => {
  const { run, read, dir, unit } = await machine();
  await writeFile(join(dir, 'broken'), '');
  const failed = await run();
  expect(failed.code).toBe(1);
  expect(failed.err).toContain(`systemctl try-reload-or-restart ${unit}: Job failed.`);
  await rm(join(dir, 'broken'));
  expect((await run()).code).toBe(0);
  expect((await read('argv'))?.split('\n')).toHaveLength(7);
});

it('owes the reload where there is no systemctl', async () => {
  const { run } = await machine({ systemctl: false });
  const { code, err } = await run();
  expect(code).toBe(1);
  expect(err).toMatch(/code=systemd-failed/);
});

it('gives it reload_cmd_timeout', async () => {
  const { run, dir } = await machine({ lines: 'reload_cmd_timeout = "500ms"' });
  await writeFile(join(dir, 'slow'), '');
  const { code, err } = await run();
  expect(code).toBe(1);
  expect(err).toMatch(/timed out after 500 milliseconds/i);
});
