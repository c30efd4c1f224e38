import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrors } from '../core/diagnostic.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import { clusterPrefixes } from '../core/keys.ts';
import { version } from '../core/version.ts';
import { anonymiseValues } from '../golden/capture/anonymise-values.ts';
import { caseText } from '../golden/capture/case-text.ts';
import { redactValues } from '../golden/capture/redact-values.ts';
import type { CaseHeader } from '../golden/case-header.ts';
import { renderScenario } from '../golden/render-scenario.ts';
import { readScenario } from '../golden/scenario.ts';
import { Templates } from '../golden/templates.ts';
import type { Settings } from '../settings.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { templateTree } from './prepare-bgp.ts';
import { readOnce } from './read-once.ts';

export interface CaptureOptions {
  /** The case's folder; made if it is not there. */
  readonly dir: string;
  /** Replace names and addresses. */
  readonly anonymise: boolean;
  /** Only for the settings' node; else for all nodes. */
  readonly onlyNode: boolean;
}

/** The settings that decide what is rendered, as a case states them. */
function headerOf(settings: Settings, nodes: readonly string[] | 'all', text: (text: string) => string): CaseHeader {
  const { routerId, clusterIps, usePodCidr, allowMissingPassword, namespace, release, flavour, layout } = settings;
  const env = {
    ...(routerId !== null && { CALICO_ROUTER_ID: text(routerId) }),
    ...(clusterIps && { CALICO_ADVERTISE_CLUSTER_IPS: text(clusterIps.text) }),
    ...(usePodCidr && { USE_POD_CIDR: 'true' }),
    ...(allowMissingPassword && { BIRDCONFD_ALLOW_MISSING_PASSWORD: 'true' }),
    ...(namespace !== 'kube-system' && { NAMESPACE: text(namespace) }),
    ...(settings.data && { BIRDCONFD_DATA: settings.data }),
  };
  return {
    nodes,
    birds: [flavour === 'auto' ? (layout === 'calico' ? 'calico' : '1.6') : flavour],
    layouts: [layout],
    ...(Object.keys(env).length > 0 && { env }),
    release: release ? `3.${release.minor}` : 'auto',
  };
}

/** How `render` would end on the case that lies in `dir`. */
async function exitOf(dir: string, settings: Settings): Promise<number> {
  const templates = new Templates(templateTree(settings), settings.templatesOverlay);
  for await (const { diagnostics } of renderScenario(await readScenario(dir), templates))
    if (hasErrors(diagnostics)) return 3;
  return 0;
}

/**
 * `birdconfd capture DIR`: what the datastore holds for all nodes as a case, without its secrets. Nothing is written where there is a case
 * already. Exit 3 when there is nothing to capture.
 */
export async function captureVerb(settings: Settings, { dir, anonymise, onlyNode }: CaptureOptions): Promise<number> {
  const file = join(dir, 'in.yaml');
  if (existsSync(file)) throw new UsageError(`capture: ${file} is there already`);
  try {
    const prefixes = clusterPrefixes(settings.data);
    const snapshot = await readOnce(settings, prefixes);
    const found = prefixes.flatMap((prefix) =>
      [...snapshot.entries(prefix)].map(([key, { value }]) => [key, value] as const),
    );
    if (found.length === 0) {
      process.stderr.write('birdconfd capture: the datastore holds no BGP data\n');
      return EXIT.data;
    }
    const redacted = redactValues(new Map(found));
    const plain = { values: redacted, text: (text: string) => text };
    const { values, text } = anonymise ? anonymiseValues(redacted, randomBytes(32)) : plain;
    const header = headerOf(settings, onlyNode ? [text(settings.nodeName)] : 'all', text);
    const how = anonymise ? 'names and addresses are replaced' : 'names and addresses are the real ones';
    const about = `Captured by birdconfd ${version}. Secrets are replaced; ${how}.`;
    await mkdir(dir, { recursive: true });
    await writeFile(file, await caseText(about, header, values));
    const exit = await exitOf(dir, settings);
    if (exit !== 0) await writeFile(file, await caseText(about, { ...header, expect: { exit } }, values));
    process.stdout.write(`${file}: ${values.size} keys; ${how}\nnext: birdconfd test ${dir} --update\n`);
    return EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    process.stderr.write(`birdconfd capture: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}
