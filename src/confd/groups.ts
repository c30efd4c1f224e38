import type { Diagnostic } from '../core/diagnostic.ts';
import { NAME_MARK } from './for-each.ts';
import { dirPath } from './functions/go-path.ts';
import { reloadKeyOf } from './reload-key.ts';
import type { TemplateResource } from './resource.ts';

/** Resources that go live together, by name. */
export interface UnitPlan {
  readonly name: string;
  readonly resources: readonly TemplateResource[];
}

/** Units that one loop works on, because they tell a service in the same way: it is told once for all of them. */
export interface GroupPlan {
  readonly name: string;
  readonly units: readonly UnitPlan[];
}

/** What a unit shares with others. */
const reloadKeys = ({ resources }: UnitPlan): readonly string[] =>
  resources.filter(({ reload }) => reload.mode !== 'none').map(reloadKeyOf);

/**
 * Why a unit with a BIRD cannot go live as one transaction of it; null when it can. The resource that says so makes the file that the daemon
 * is pointed at; the others, without a reload of their own, what that file includes.
 */
function birdFault(
  resources: readonly TemplateResource[],
): { readonly of: TemplateResource; readonly why: string } | null {
  const first = resources.find(({ reload }) => reload.mode === 'bird');
  if (!first) return null;
  const more = resources.find((one) => one !== first && one.reload.mode !== 'none');
  if (more) return { of: more, why: `BIRD is told by ${first.name}: no other resource of its group_unit has a reload` };
  const folder = dirPath(first.dest);
  const afar = resources.find(({ dest }) => dirPath(dest) !== folder || folder.search(NAME_MARK) >= 0);
  return afar
    ? { of: afar, why: `with reload_mode = "bird" all files of a group_unit lie in one folder, ${folder}` }
    : null;
}

/** The daemon's own file first. */
const birdFirst = (resources: readonly TemplateResource[]): readonly TemplateResource[] => [
  ...resources.filter(({ reload }) => reload.mode === 'bird'),
  ...resources.filter(({ reload }) => reload.mode !== 'bird'),
];

/** The first of two resources by name keeps the target; and a unit that BIRD's transaction cannot take is left out. Pure. */
export function unitsOf(resources: readonly TemplateResource[]): {
  readonly units: readonly UnitPlan[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const error = (file: string, key: string, message: string) =>
    diagnostics.push({ severity: 'error', code: 'invalid-value', key: file, path: ['template', key], message });
  const owners = new Map<string, TemplateResource>();
  const units = new Map<string, TemplateResource[]>();
  for (const resource of resources) {
    const owner = owners.get(resource.dest);
    if (owner) {
      error(resource.file, 'dest', `${owner.name} writes ${resource.dest} already: this one is left out`);
      continue;
    }
    owners.set(resource.dest, resource);
    const name = resource.unit === null ? resource.name : `unit ${resource.unit}`;
    units.set(name, [...(units.get(name) ?? []), resource]);
  }
  const usable = [...units].filter(([, all]) => {
    const fault = birdFault(all);
    if (fault) error(fault.of.file, 'group_unit', `${fault.why}; the unit is left out`);
    return !fault;
  });
  return { units: usable.map(([name, all]) => ({ name, resources: birdFirst(all) })), diagnostics };
}

/** Every unit in exactly one group; units that share a reload, also by way of a third, share the group. Pure. */
export function groupsOf(units: readonly UnitPlan[]): readonly GroupPlan[] {
  let groups: { readonly keys: Set<string>; readonly units: UnitPlan[] }[] = [];
  for (const unit of units) {
    const keys = new Set(reloadKeys(unit));
    const shared = groups.filter((group) => [...keys].some((key) => group.keys.has(key)));
    const merged = {
      keys: new Set([...shared.flatMap((group) => [...group.keys]), ...keys]),
      units: [...shared.flatMap((group) => group.units), unit],
    };
    groups = [...groups.filter((group) => !shared.includes(group)), merged];
  }
  return groups.map(({ units: members }) => ({ name: members.map(({ name }) => name).join(','), units: members }));
}
