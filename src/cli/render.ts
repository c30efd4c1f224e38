import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Diagnostic, hasErrors } from '../core/diagnostic.ts';
import { messageOf } from '../core/errors.ts';
import { BundleStore } from '../host/bundle-store.ts';
import { commitFiles } from '../host/commit.ts';
import { resolveFileOwner } from '../host/file-owner.ts';
import type { Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { prepareTargets } from './prepare-bgp.ts';
import { readOnce } from './read-once.ts';
import { tellDiagnostics } from './tell-diagnostics.ts';

const tell = (line: string): boolean => process.stderr.write(`${line}\n`);

/**
 * `birdconfd render`: the files of this node into --output, once, from whatever datastore. It runs no BIRD unless asked to check
 * and never touches a daemon. Exit 3 when the data have errors; what could be rendered is written all the same.
 */
export async function renderVerb(settings: Settings, options: { readonly check: boolean }): Promise<number> {
  const folder = options.check ? await mkdtemp(join(tmpdir(), 'birdconfd-render-')) : null;
  const store = folder === null ? null : new BundleStore(folder);
  try {
    const snapshot = await readOnce(settings);
    const targets = await prepareTargets(settings, { lastGood: new Map(), runsBird: options.check });
    const signal = new AbortController().signal;
    const owner = await resolveFileOwner(settings, null);
    const destination = { output: settings.output, mode: settings.fileMode, ...owner };
    const diagnostics: Diagnostic[] = [];
    for (const target of targets) {
      const rendering = target.render(snapshot, null);
      diagnostics.push(...rendering.diagnostics);
      if (!rendering.bundle) break;
      const { bytes, files } = rendering.bundle;
      if (store) await target.check(await store.put({ id: bytes, files }), signal);
      await commitFiles(files, destination);
    }
    tellDiagnostics(diagnostics);
    return hasErrors(diagnostics) ? EXIT.data : EXIT.ok;
  } catch (error) {
    tell(`birdconfd render: ${messageOf(error)}`);
    return exitCodeOf(error);
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}
