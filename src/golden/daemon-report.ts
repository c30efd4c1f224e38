import { inventoryOf, poolActionChanges } from '../bird/inventory.ts';
import { type Meaning, meaningOf } from '../bird/meaning.ts';
import { type Configuration, readConfiguration } from '../bird/protocols.ts';
import type { NamedText } from '../core/named-text.ts';
import { byBytes } from '../core/order.ts';
import { expandIncludes } from '../render/whole.ts';
import type { DaemonReport, SessionFate, SessionReport } from './report.ts';
import { filterReasons, restartReasons, sessionEnds } from './session-ends.ts';

const FATES = ['added', 'removed', 'restarted', 'refiltered'] as const;

const fateOf = (meaning: Meaning, name: string): SessionFate =>
  FATES.find((fate) => meaning[fate].includes(name)) ?? 'unchanged';

const routerIdOf = ({ routerId }: Configuration): string | null => /^router id (\S+);/.exec(routerId)?.[1] ?? null;

function sessionReport(before: Configuration, after: Configuration, name: string, fate: SessionFate): SessionReport {
  const [old, now] = [before.protocols.get(name), after.protocols.get(name)];
  const ends = { before: old ? sessionEnds(old) : null, after: now ? sessionEnds(now) : null };
  if (!old || !now || fate === 'unchanged') return { name, fate, because: [], ...ends };
  if (fate === 'refiltered') return { name, fate, because: filterReasons(old, now), ...ends };
  const reasons = restartReasons(old, now);
  const router = `router id ${routerIdOf(before) ?? 'none'} → ${routerIdOf(after) ?? 'none'}`;
  return { name, fate, because: reasons.length > 0 ? reasons : [router], ...ends };
}

/** The files of one daemon as BIRD reads them: the one that includes the others first. */
function textOf(files: readonly NamedText[], daemon: string): string {
  const isMain = ({ name }: NamedText) => name === `${daemon}.conf` || name === `${daemon}.cfg`;
  return expandIncludes([...files].sort((a, b) => Number(isMain(b)) - Number(isMain(a))));
}

const isOf = (daemon: 'bird' | 'bird6', { name }: NamedText): boolean =>
  /^bird6[._]/.test(name) === (daemon === 'bird6');

const without = (all: Iterable<string>, others: ReadonlySet<string>): readonly string[] =>
  [...all].filter((each) => !others.has(each)).sort(byBytes);

/** What going from some files of a daemon to others does to it. No files are an empty configuration. Pure, never throws. */
export function daemonReport(
  daemon: 'bird' | 'bird6',
  beforeFiles: readonly NamedText[],
  afterFiles: readonly NamedText[],
): DaemonReport {
  const [beforeText, afterText] = [textOf(beforeFiles, daemon), textOf(afterFiles, daemon)];
  const [before, after] = [readConfiguration(beforeText), readConfiguration(afterText)];
  const meaning = meaningOf(beforeText, afterText);
  const names = [...new Set([...before.protocols.keys(), ...after.protocols.keys()])].sort(byBytes);
  const typeOf = (name: string) => (after.protocols.get(name) ?? before.protocols.get(name))?.type ?? '';
  const fates = new Map(names.map((name) => [name, fateOf(meaning, name)]));
  const isBgp = (name: string) => typeOf(name) === 'bgp' || before.protocols.get(name)?.type === 'bgp';
  const [old, now] = [inventoryOf(beforeText), inventoryOf(afterText)];
  const sameText = beforeText === afterText;
  return {
    daemon,
    routerId: { before: routerIdOf(before), after: routerIdOf(after) },
    sessions: names.filter(isBgp).map((name) => sessionReport(before, after, name, fates.get(name) ?? 'unchanged')),
    others: names.flatMap((name) => {
      const fate = fates.get(name) ?? 'unchanged';
      return isBgp(name) || fate === 'unchanged' ? [] : [{ name, type: typeOf(name), fate }];
    }),
    routes: { added: without(now.blocks, old.blocks), removed: without(old.blocks, now.blocks) },
    pools: sameText ? [] : poolActionChanges(old, now),
    needsRestart: meaning.needsRestart,
  };
}

/** One report for each daemon that has files on either side: `bird`, then `bird6`. */
export const daemonReports = (before: readonly NamedText[], after: readonly NamedText[]): readonly DaemonReport[] =>
  (['bird', 'bird6'] as const).flatMap((daemon) => {
    const [old, now] = [before, after].map((files) => files.filter((file) => isOf(daemon, file)));
    return old?.length || now?.length ? [daemonReport(daemon, old ?? [], now ?? [])] : [];
  });
