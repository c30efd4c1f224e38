import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../core/errors.ts';
import type { Flags } from '../given-options.ts';
import { compareSets, type Side } from '../golden/compare-sets.ts';
import { readDataSet } from '../golden/data-set.ts';
import { gitTree } from '../golden/git-tree.ts';
import { impactOf } from '../golden/impact.ts';
import type { CaseReport, HarnessReport } from '../golden/report.ts';
import { Templates } from '../golden/templates.ts';
import { TerminalReport } from '../golden/terminal-report.ts';
import { builtInTemplates } from '../host/read-templates.ts';
import { EXIT } from './exit-codes.ts';
import { exceeds } from './restart-limit.ts';
import { wantsDetails, writeReports } from './write-reports.ts';

export interface TemplateDiffOptions {
  readonly dir: string;
  readonly flags: Flags;
  readonly colour: boolean;
}

interface Sides {
  readonly before: Side;
  readonly after: Side;
  readonly names: HarnessReport['sides'];
  readonly close: () => Promise<void>;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const say = (lines: readonly string[]): void => void process.stdout.write(lines.map((line) => `${line}\n`).join(''));

/** What is on the two sides: `--against` names other templates (a tree), other data (another folder), or a revision of both. */
async function sidesOf(dir: string, flags: Flags, against: string): Promise<Sides> {
  const [tree, overlay] = [text(flags.templates), text(flags['templates-overlay'])].map(
    (path) => path && resolve(path),
  );
  const templates = new Templates(tree ?? builtInTemplates(), overlay ?? null);
  const after = { data: await readDataSet(dir), templates };
  const names = { before: against, after: 'now' };
  if (existsSync(join(against, 'bird1'))) {
    const before = { data: after.data, templates: new Templates(resolve(against)) };
    return { before, after, names, close: async () => {} };
  }
  if (existsSync(against))
    return { before: { data: await readDataSet(against), templates }, after, names, close: async () => {} };
  const copy = await gitTree(against, [
    resolve(dir),
    ...[tree, overlay].filter((path): path is string => path !== null && path !== undefined),
  ]);
  const then = (path: string | null | undefined) => {
    const old = path ? copy.at(path) : null;
    return old !== null && existsSync(old) ? old : null;
  };
  const before = {
    data: await readDataSet(copy.at(resolve(dir))),
    templates: new Templates(then(tree) ?? builtInTemplates(), then(overlay)),
  };
  return { before, after, names, close: () => copy.close() };
}

function impactLines(report: HarnessReport): readonly string[] {
  const { nodes, nodesChanged, sessions } = impactOf(report);
  const { restarted, removed, added, refiltered } = sessions;
  return [
    `    Nodes  ${nodesChanged} of ${nodes} change`,
    ` Sessions  ${restarted} restart, ${removed} go, ${added} are added, ${refiltered} are re-filtered`,
  ];
}

/**
 * `birdconfd template-diff`: every case, or a folder of resources, rendered with two trees of templates or from two sets of data. Exit 2
 * when any output differs - with --max-restarted, only when more sessions than that would restart or go.
 */
export async function templateDiffVerb({ dir, flags, colour }: TemplateDiffOptions): Promise<number> {
  const against = text(flags.against);
  if (against === null) throw new UsageError('template-diff: --against what? A folder, or a git revision');
  const began = performance.now();
  const limit = text(flags['max-restarted']);
  const { before, after, names, close } = await sidesOf(dir, flags, against);
  try {
    const json = flags.json === true;
    if (before.data.size + after.data.size === 0) throw new UsageError(`${dir}: no data there`);
    const terminal = new TerminalReport({ colour, sides: names, kept: null, word: 'DIFF' });
    const cases: CaseReport[] = [];
    // A limit in percent is one of all sessions, so that those of what stays the same count too.
    const details = wantsDetails(flags) || limit?.endsWith('%') ? 'all' : 'differences';
    for await (const report of compareSets([before, after], details)) {
      cases.push(report);
      if (!json) say(terminal.caseLines(report));
    }
    const title = `birdconfd template-diff ${dir} --against ${against}`;
    const report: HarnessReport = { title, sides: names, cases, durationMs: performance.now() - began };
    await writeReports(report, flags);
    if (json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    else say([...terminal.failures(cases), ...terminal.summary(report), ...impactLines(report)]);
    const { sessions } = impactOf(report);
    const running = sessions.restarted + sessions.removed + sessions.refiltered + sessions.unchanged;
    const differs =
      limit === null
        ? cases.some(({ status }) => status === 'failed')
        : exceeds(sessions.restarted + sessions.removed, running, limit);
    return differs ? EXIT.differences : EXIT.ok;
  } finally {
    await close();
  }
}
