import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutKernelTunnel } from '../../src/golden/parse-goldens.ts';

/** The real BIRDs as judges. Texts that were accepted once are not asked for again: most hostile values change nothing. */
export interface BirdJudge {
  /** BIRD's own words where it refuses, else null. `files[0]` is the one that it is pointed at. */
  refusal(daemon: 'bird' | 'bird6', files: readonly { readonly name: string; readonly text: string }[]): string | null;
  /** How often a BIRD ran. */
  readonly runs: number;
  close(): void;
}

export function birdJudge(): BirdJudge {
  const dir = mkdtempSync(join(tmpdir(), 'birdconfd-fuzz-'));
  const accepted = new Set<string>();
  let runs = 0;
  return {
    refusal: (daemon, files) => {
      const hash = createHash('sha256').update(daemon);
      for (const { name, text } of files) hash.update(`\0${name}\0${text}`);
      const digest = hash.digest('base64');
      if (accepted.has(digest)) return null;
      for (const { name, text } of files) writeFileSync(join(dir, name), withoutKernelTunnel(text));
      const run = spawnSync(daemon, ['-p', '-c', join(dir, files[0]!.name)], { encoding: 'utf8', timeout: 60_000 });
      runs++;
      if (run.status !== 0)
        return (run.error?.message ?? (run.stderr + run.stdout).trim()) || `it ended with ${run.status ?? run.signal}`;
      accepted.add(digest);
      return null;
    },
    get runs() {
      return runs;
    },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}
