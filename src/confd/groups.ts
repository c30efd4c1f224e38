import type { Diagnostic } from '../core/diagnostic.ts';
import { reloadKey } from './reload-key.ts';
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
  resources.flatMap((resource) => (resource.reload.mode === 'none' ? [] : [reloadKey(resource)]));

/** The first of two resources by name keeps the target; and BIRD's transaction takes files of one folder, and nothing else's. */
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
  return { units: [...units].map(([name, all]) => ({ name, resources: all })), diagnostics };
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
