import { readFile } from 'node:fs/promises';
import { release, type } from 'node:os';
import { join } from 'node:path';
import { withBirdSocket } from '../bird/control-socket.ts';
import { runBird } from '../bird/run-bird.ts';
import { withoutPasswords } from '../bird/syntax.ts';
import { askService } from '../control/client.ts';
import { formatDiagnostic, sortDiagnostics } from '../core/diagnostic.ts';
import { StageError, UsageError } from '../core/errors.ts';
import type { NamedText } from '../core/named-text.ts';
import { version } from '../core/version.ts';
import { BundleStore } from '../host/bundle-store.ts';
import { ledgerPath, readLedger } from '../host/ledger.ts';
import { readLive } from '../host/observe.ts';
import { fileNames } from '../render/view.ts';
import { DAEMONS, type Settings } from '../settings.ts';
import { makePlans } from './make-plans.ts';
import { planText } from './plan.ts';
import { statusText } from './status-text.ts';

/** Something that helps to understand a node: where it goes, and how it is found out. */
export interface SupportPart {
  readonly name: string;
  /** Rejects where it cannot be had, with a message that holds no secret. */
  readonly make: () => Promise<readonly NamedText[]>;
}

const ASK_MS = 5_000;
/** Of the confirmed bundles: the one that runs, and the one before it. */
const BUNDLES = 2;

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const as = (name: string, text: string): readonly NamedText[] => [{ name, text }];

async function ask(settings: Settings, path: string): Promise<string> {
  const { status, text } = await askService(settings.stateDir, 'GET', path);
  if (status === 404) throw new UsageError(`the service knows no ${path}`);
  return text;
}

async function plan(settings: Settings): Promise<string> {
  const { plans, diagnostics } = await makePlans(settings);
  const faults = sortDiagnostics(diagnostics).map((each) => `${formatDiagnostic(each)}\n`);
  return [...faults, ...(plans ?? []).map((each) => planText(each, false))].join('');
}

/** The files of the disk and of the last confirmed bundles, without their passwords. */
async function bundles(settings: Settings, daemon: (typeof DAEMONS)[number]): Promise<readonly NamedText[]> {
  const { parts, bird } = fileNames(settings.layout, daemon);
  const names = parts ? [bird, parts.aggr, parts.ipam] : [bird];
  const { record } = await readLedger(ledgerPath(settings.stateDir, daemon));
  const store = new BundleStore(join(settings.stateDir, 'bundles', daemon));
  const kept = await Promise.all(
    record.history.slice(0, BUNDLES).map(async ({ bytes }, i) => {
      const files = (await store.get(bytes, names)) ?? [];
      return files.map(({ name, text }) => ({ name: `${daemon}/confirmed-${i}/${name}`, text }));
    }),
  );
  const live = ((await readLive(settings.output, names)) ?? []).map(({ name, text }) => {
    return { name: `${daemon}/live/${name}`, text };
  });
  return [...live, ...kept.flat()].map(({ name, text }) => ({ name, text: withoutPasswords(text) }));
}

async function bird(settings: Settings, daemon: (typeof DAEMONS)[number]): Promise<readonly NamedText[]> {
  const options = { signal: new AbortController().signal, timeoutMs: ASK_MS };
  return withBirdSocket(settings.daemons[daemon].socket, options, async (session) => {
    const said: NamedText[] = [];
    for (const command of ['show status', 'show protocols all', 'show memory']) {
      const { lines } = await session.command(command);
      const text = [session.greeting, ...lines.map((line) => line.text)].join('\n');
      said.push({ name: `${daemon}/${command.replaceAll(' ', '-')}.txt`, text: `${withoutPasswords(text)}\n` });
    }
    return said;
  });
}

async function versions({ daemons }: Settings): Promise<string> {
  const binaries = await Promise.all(
    DAEMONS.map(async (name) => {
      const told = await runBird(daemons[name].binary, ['--version'], { timeoutMs: ASK_MS }).catch((thrown) => {
        if (thrown instanceof StageError) return { output: thrown.message };
        throw thrown;
      });
      return [name, told.output.trim()];
    }),
  );
  const { version: node, platform, arch } = process;
  return json({
    birdconfd: version,
    node,
    platform,
    arch,
    os: `${type()} ${release()}`,
    ...Object.fromEntries(binaries),
  });
}

/** All that is collected, in the order of its names. The datastore and each BIRD are asked, for some seconds at most. */
export const supportParts = (settings: Settings): readonly SupportPart[] => [
  { name: 'versions', make: async () => as('versions.json', await versions(settings)) },
  // A Secret prints as redacted; URLs with passwords are refused where settings are read.
  { name: 'settings', make: async () => as('settings.json', json(settings)) },
  {
    name: 'status',
    make: async () => {
      const text = await ask(settings, '/status');
      const report = JSON.parse(text);
      return [...as('status.json', json(report)), ...as('status.txt', statusText(report, false))];
    },
  },
  { name: 'readiness', make: async () => as('readyz.txt', await ask(settings, '/readyz')) },
  { name: 'metrics', make: async () => as('metrics.txt', await ask(settings, '/metrics')) },
  { name: 'log', make: async () => as('log.txt', await ask(settings, '/log')) },
  { name: 'plan', make: async () => as('plan.txt', withoutPasswords(await plan(settings))) },
  ...DAEMONS.flatMap((daemon): readonly SupportPart[] => [
    {
      name: `ledger of ${daemon}`,
      make: async () => as(`${daemon}/ledger.json`, await readFile(ledgerPath(settings.stateDir, daemon), 'utf8')),
    },
    { name: `bundles of ${daemon}`, make: () => bundles(settings, daemon) },
    { name: `${daemon} itself`, make: () => bird(settings, daemon) },
  ]),
];
