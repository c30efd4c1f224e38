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

/** One loop's work. */
export interface Group {
  readonly units: readonly Unit[];
  readonly dirty: Dirty;
  readonly pass: (options: { isQuiet: boolean; signal: AbortSignal }) => Promise<GroupReport>;
}

/** The groups of what conf.d says, each with its mailbox and its pass; the faults of conf.d are logged. */
export function makeGroups(reading: ConfDirReading, context: PassContext, log: Log): readonly Group[] {
  const { units, diagnostics } = unitsOf(reading.resources);
  for (const diagnostic of [...reading.diagnostics, ...diagnostics])
    log(diagnostic.severity === 'error' ? 'error' : 'warn', 'diagnostic', { message: formatDiagnostic(diagnostic) });
  return groupsOf(units).flatMap(({ units: members }): Group[] => {
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
        pass: (options: { isQuiet: boolean; signal: AbortSignal }) => told(group.pass(options)),
      })),
      ...(others.length === 0
        ? []
        : [
            {
              units: others,
              dirty: new Dirty(),
              pass: (options: { isQuiet: boolean; signal: AbortSignal }) =>
                told(groupPass(others, context, pace, options)),
            },
          ]),
    ];
  });
}
