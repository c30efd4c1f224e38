import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig } from '../bird/check.ts';
import { messageOf } from '../core/errors.ts';
import type { NamedText } from '../core/named-text.ts';
import type { Fault } from './report.ts';

/** Stock BIRD 1.6 checks the calico dialect too, less the attribute that only Calico's fork knows. */
export const withoutKernelTunnel = (text: string): string =>
  text
    .replace(/if \(?defined\(bgp_next_hop\) ?&&[^;]*krt_tunnel ?= ?"[^"]*"; else krt_tunnel ?= ?"[^"]*"; /g, '')
    .replace(/krt_tunnel\s*=\s*"[^"]*";/g, '');

const MAIN = /^bird6?\.(conf|cfg)$/;

/** The files of one output, which lie in `folder`, through `bird -p` and `bird6 -p`: a fault for each daemon that refuses its own. */
export async function parseByBird(folder: string, files: readonly NamedText[]): Promise<readonly Fault[]> {
  if (!files.some(({ name }) => MAIN.test(name))) return [];
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-golden-'));
  try {
    for (const { name, text } of files) await writeFile(join(dir, name), withoutKernelTunnel(text));
    const mains = files.map(({ name }) => name).filter((name) => MAIN.test(name));
    const verdicts = mains.map(async (name): Promise<readonly Fault[]> => {
      const binary = name.startsWith('bird6') ? 'bird6' : 'bird';
      const check = checkConfig({ binary, configFile: join(dir, name), signal: new AbortController().signal });
      return check.then(
        () => [],
        (error: unknown) => {
          const message = messageOf(error).replaceAll(`${dir}/`, '');
          return [{ kind: 'refused', path: `${folder}/${name}`, message: `refused by BIRD: ${message}` }];
        },
      );
    });
    return (await Promise.all(verdicts)).flat();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
