import { hasErrors, sortDiagnostics } from '../core/diagnostic.ts';
import { messageOf } from '../core/errors.ts';
import { overlayDiagnostics, readOverlay } from '../host/templates-overlay.ts';
import type { Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { prepareTargets, templateTree } from './prepare-bgp.ts';
import { readOnce } from './read-once.ts';
import { tellDiagnostics } from './tell-diagnostics.ts';

/**
 * `birdconfd check`: settings, data and templates only; every Diagnostic with its key and field, and what an overlay replaces. Exit 3
 * when there are errors.
 */
export async function checkVerb(settings: Settings, options: { readonly json: boolean }): Promise<number> {
  try {
    const snapshot = await readOnce(settings);
    const targets = await prepareTargets(settings, { lastGood: new Map(), runsBird: false });
    const ofData = targets.flatMap((target) => target.render(snapshot, null).diagnostics);
    const overlay = settings.templatesOverlay;
    const overrides = overlay === null ? [] : await readOverlay(templateTree(settings), overlay);
    const diagnostics = sortDiagnostics([...ofData, ...overlayDiagnostics(overrides)]);
    if (options.json) process.stdout.write(`${JSON.stringify(diagnostics, null, 2)}\n`);
    else if (diagnostics.length === 0) process.stdout.write('no faults found\n');
    else tellDiagnostics(diagnostics);
    return hasErrors(diagnostics) ? EXIT.data : EXIT.ok;
  } catch (error) {
    process.stderr.write(`birdconfd check: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}
