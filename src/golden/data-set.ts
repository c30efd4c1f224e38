import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { plainData } from './plain-data.ts';
import { findCases, readScenario, type Scenario } from './scenario.ts';

/** Cases by their path below the set's folder; `.` is the folder itself. */
export type DataSet = ReadonlyMap<string, () => Promise<Scenario>>;

/** The cases at or under `dir`; where there is none, the folder's resources as one case. An absent folder is an empty set. */
export async function readDataSet(dir: string): Promise<DataSet> {
  const root = resolve(dir);
  if (!existsSync(root)) return new Map();
  const names = await readdir(root, { recursive: true });
  if (!names.some((name) => /(^|\/)in\.yaml$/.test(name))) return new Map([['.', () => plainData(root)]]);
  const cases = findCases(root);
  return new Map(cases.map((each) => [relative(root, each) || '.', () => readScenario(join(each))]));
}
