import { setImmediate as breathe } from 'node:timers/promises';
import { messageOf, UsageError } from '../core/errors.ts';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import type { Flags } from '../given-options.ts';
import { compareOutput, type OutputPlace } from '../golden/compare-output.ts';
import { daemonReports } from '../golden/daemon-report.ts';
import { impactOf } from '../golden/impact.ts';
import type { CaseReport, HarnessReport, OutputReport } from '../golden/report.ts';
import type { Settings } from '../settings.ts';
import { clusterImpactText } from './cluster-impact-text.ts';
import type { NodeFiles } from './cluster-renderer.ts';
import { type ClusterSides, clusterSides } from './cluster-sides.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { chooseFlavour } from './prepare-bgp.ts';
import { ProgressBar } from './progress-bar.ts';
import { exceeds } from './restart-limit.ts';
import { tellDiagnostics } from './tell-diagnostics.ts';
import { wantsFiles, writeReports } from './write-reports.ts';

export interface PlanAllOptions {
  readonly flags: Flags;
  readonly json: boolean;
  /** What it is compared with (clusterSides); null = nothing was said. */
  readonly against: string | null;
  /** N or N%. */
  readonly limit: string | null;
  readonly colour: boolean;
}

/** Of larger clusters only what changes is drawn. */
const MAX_DRAWN = 400;
/** So many nodes are shown with their texts. */
const MAX_TEXTS = 20;

type Files = readonly NamedText[] | null;

/** What `compareOutput` says, without texts and statements: reading these of thousands of nodes costs more than all the rest. */
function meaningOnly(place: OutputPlace, old: Files, now: Files, details: 'all' | 'differences'): OutputReport {
  const { folder, ...where } = place;
  const texts = (files: Files) => new Map(files?.map(({ name, text }) => [name, text]));
  const [before, after] = [texts(old), texts(now)];
  const files = [...new Set([...before.keys(), ...after.keys()])].sort(byBytes).map((name) => {
    const status = before.get(name) === after.get(name) ? ('passed' as const) : ('failed' as const);
    return { name, path: `${folder}/${name}`, status, before: null, after: null, statements: [] };
  });
  const same = files.every(({ status }) => status === 'passed');
  const status = same ? 'passed' : !old ? 'new' : !now ? 'obsolete' : 'failed';
  const daemons = same && details === 'differences' ? [] : daemonReports(old ?? [], now ?? []);
  return { ...where, status, files, daemons };
}

/** Less the sessions to which nothing happens. */
const withoutCalm = (output: OutputReport): OutputReport => ({
  ...output,
  daemons: output.daemons.map((daemon) => ({
    ...daemon,
    sessions: daemon.sessions.filter(({ fate }) => fate !== 'unchanged'),
  })),
});

const sessionsIn = (files: Files): number =>
  (files ?? []).reduce((sum, { text }) => sum + (text.match(/^protocol bgp /gm)?.length ?? 0), 0);

/** Every node on both sides, one at a time; `sessions` counts those of before. */
async function compareAll(
  settings: Settings,
  { before, after }: ClusterSides,
  draws: boolean,
): Promise<{ readonly outputs: readonly OutputReport[]; readonly sessions: number }> {
  const nodes = [...new Set([...before.nodes, ...after.nodes])].sort(byBytes);
  const bird = await chooseFlavour(settings, false);
  const bar = new ProgressBar(process.stderr, 'comparing nodes', nodes.length);
  const calm = draws && nodes.length <= MAX_DRAWN;
  const outputs: OutputReport[] = [];
  let [sessions, changed] = [0, 0];
  try {
    for (const [i, node] of nodes.entries()) {
      bar.tick(i);
      const filesOf = async (side: NodeFiles) => (side.nodes.includes(node) ? side.files(node) : null);
      const [old, now] = [await filesOf(before), await filesOf(after)];
      sessions += sessionsIn(old);
      const place = { step: '', out: '', node, bird, layout: settings.layout, folder: node };
      const compare = draws && changed < MAX_TEXTS ? compareOutput : meaningOnly;
      const output = compare(place, old, now, calm ? 'all' : 'differences');
      if (output.status !== 'passed') changed++;
      outputs.push(calm ? output : withoutCalm(output));
      await breathe();
    }
  } finally {
    bar.end();
  }
  return { outputs, sessions };
}

/**
 * `birdconfd plan --all-nodes`: what a change of data or templates does to every node of the cluster, against what `--against` names, in
 * one process; nothing is written but reports. Exit 2 when any node differs - with --max-restarted, only when more sessions than that
 * would restart or go.
 */
export async function planAllNodes(settings: Settings, options: PlanAllOptions): Promise<number> {
  const { flags, json, against, limit, colour } = options;
  if (against === null)
    throw new UsageError(
      'plan --all-nodes: with what shall the nodes be compared? --against DATA, TEMPLATES, a folder of the nodes’ files, or etcd',
    );
  if (limit !== null) exceeds(0, 0, limit); // a limit that is none is told before the work, not after it
  const began = performance.now();
  try {
    const sides = await clusterSides(settings, against);
    const { outputs, sessions } = await compareAll(settings, sides, wantsFiles(flags));
    tellDiagnostics(sides.after.diagnostics);
    if (outputs.length === 0) {
      process.stderr.write('birdconfd plan: neither side has a node\n');
      return EXIT.data;
    }
    const differs = outputs.some(({ status }) => status !== 'passed');
    const all: CaseReport = {
      name: 'cluster',
      about: `${outputs.length} nodes`,
      status: differs ? 'failed' : 'passed',
      faults: [],
      outputs,
      diagnostics: [],
      durationMs: performance.now() - began,
    };
    const report: HarnessReport = {
      title: 'birdconfd plan --all-nodes',
      sides: sides.names,
      cases: [all],
      durationMs: all.durationMs,
    };
    await writeReports(report, flags);
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ sides: sides.names, impact: impactOf(report), nodes: outputs.map(withoutCalm) }, null, 2)}\n`,
      );
    } else process.stdout.write(clusterImpactText(report, colour));
    const { removed, restarted } = impactOf(report).sessions;
    const fails = limit === null ? differs : exceeds(removed + restarted, sessions, limit);
    return fails ? EXIT.differences : EXIT.ok;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    process.stderr.write(`birdconfd plan: ${messageOf(error)}\n`);
    return exitCodeOf(error);
  }
}
