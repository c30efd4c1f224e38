import { formatDiagnostic } from '../core/diagnostic.ts';
import { Dirty } from '../core/dirty.ts';
import type { Log } from '../core/log.ts';
import { BirdGroup } from './bird-group.ts';
import type { ConfDirReading } from './conf-dir.ts';
import { GroupLog, type GroupReport, groupPass } from './group-pass.ts';
import { groupsOf, unitsOf } from './groups.ts';
import type { PassContext } from './pass-context.ts';
import { ReloadPace } from './reload-pace.ts';
import { Unit } from './unit.ts';
import type { UnitPassOptions } from './unit-pass.ts';

/** One loop's work. */
export interface Group {
  readonly units: readonly Unit[];
  readonly dirty: Dirty;
  readonly pass: (options: UnitPassOptions) => Promise<GroupReport>;
}

/** The groups of what conf.d says, each with its mailbox and its pass; what is wrong there is logged, and its errors are `faults`. */
export function makeGroups(
  reading: ConfDirReading,
  context: PassContext,
  log: Log,
): { readonly groups: readonly Group[]; readonly faults: readonly string[] } {
  const { units, diagnostics } = unitsOf(reading.resources);
  const all = [...reading.diagnostics, ...diagnostics];
  for (const diagnostic of all)
    log(diagnostic.severity === 'error' ? 'error' : 'warn', 'diagnostic', { message: formatDiagnostic(diagnostic) });
  // Those that are certain come before any that for_each may find.
  for (const { name, resources } of units)
    context.owners.take(
      name,
      resources.filter(({ forEach }) => forEach === null).map(({ dest }) => dest),
    );
  const faults = all.filter(({ severity }) => severity === 'error').map(formatDiagnostic);
  const groups = groupsOf(units).flatMap(({ units: members }): Group[] => {
    const made = members.map(({ name, resources }) => new Unit(name, resources, context));
    // Files only: then BIRD is neither asked nor told.
    const isForFiles = context.noop || context.syncOnly;
    const isBird = (unit: Unit) => unit.resources.some(({ reload }) => reload.mode === 'bird') && !isForFiles;
    const birds = made.filter(isBird).map((unit) => ({ unit, group: new BirdGroup(unit, context) }));
    const others = made.filter((unit) => !isBird(unit));
    const pace = new ReloadPace(
      others.flatMap(({ resources }) => resources),
      context.clock,
    );
    const report = new GroupLog(log);
    const told = (made: Promise<GroupReport>) =>
      made.then((one) => {
        report.record(one);
        return one;
      });
    return [
      ...birds.map(({ unit, group }) => ({
        units: [unit],
        dirty: new Dirty(),
        pass: (options: UnitPassOptions) => told(group.pass(options)),
      })),
      ...(others.length === 0
        ? []
        : [
            {
              units: others,
              dirty: new Dirty(),
              pass: (options: UnitPassOptions) => told(groupPass(others, context, pace, options)),
            },
          ]),
    ];
  });
  return { groups, faults };
}
