import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { checkConfig } from '../bird/check.ts';
import { messageOf } from '../core/errors.ts';
import type { Difference } from './compare.ts';

/** Stock BIRD 1.6 checks the calico dialect too, less the attribute that only Calico's fork knows. */
export const withoutKernelTunnel = (text: string): string =>
  text
    .replace(/if \(?defined\(bgp_next_hop\) ?&&[^;]*krt_tunnel ?= ?"[^"]*"; else krt_tunnel ?= ?"[^"]*"; /g, '')
    .replace(/krt_tunnel\s*=\s*"[^"]*";/g, '');

/** The real BIRD as second oracle: every rendered file set is parsed by `bird -p` or `bird6 -p`; what it refuses is a difference. */
export async function parseByBird(files: ReadonlyMap<string, string>): Promise<readonly Difference[]> {
  const refused: Difference[] = [];
  const mains = [...files.keys()].filter((path) => /^bird6?\.(conf|cfg)$/.test(basename(path)));
  for (const path of mains) {
    const dir = await mkdtemp(join(tmpdir(), 'birdconfd-golden-'));
    try {
      for (const [other, text] of files) {
        if (dirname(other) === dirname(path)) await writeFile(join(dir, basename(other)), withoutKernelTunnel(text));
      }
      const binary = basename(path).startsWith('bird6') ? 'bird6' : 'bird';
      const configFile = join(dir, basename(path));
      await checkConfig({ binary, configFile, signal: new AbortController().signal });
    } catch (error) {
      refused.push({ kind: 'refused', path, detail: messageOf(error) });
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }
  return refused;
}
