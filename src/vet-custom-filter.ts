import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkConfig } from './bird/check.ts';
import { parseStatements, type Statement } from './bird/statements.ts';
import { messageOf } from './core/errors.ts';
import { isV1CustomFilter, V1_GLOBAL } from './core/keys.ts';
import { customFilterFamily, refusedCustomFilter } from './datamodel/v1/custom-filter.ts';
import type { Vetting } from './datastore/vetted.ts';
import type { Settings } from './settings.ts';

/** Where the text will stand, and the least that BIRD takes for a configuration. */
const alone = (text: string): string =>
  `router id 127.0.0.1; protocol device { }\nfunction custom_filters ()\n{\n${text}\n}\n`;

const includes = ({ words, body }: Statement): boolean => /^include\b/.test(words) || (body ?? []).some(includes);

/** Whether the text stays inside the function it will stand in; what it says there is BIRD's to judge. */
function escapes(text: string): string | null {
  if (/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text)) return 'it holds control characters';
  const statements = parseStatements(alone(text));
  const [, , filter, ...more] = statements;
  if (more.length > 0 || filter?.words !== 'function custom_filters ( )') return 'it does not stay inside the filter';
  return statements.some(includes) ? 'it includes a file' : null;
}

/** Why the text cannot be a custom filter by itself, or null. `binary` null: BIRD is not asked. */
export async function customFilterFault(
  text: string,
  binary: string | null,
  signal: AbortSignal,
): Promise<string | null> {
  const fault = escapes(text);
  if (fault !== null || binary === null) return fault;
  const dir = await mkdtemp(join(tmpdir(), 'birdconfd-filter-'));
  try {
    const configFile = join(dir, 'filter.conf');
    await writeFile(configFile, alone(text));
    await checkConfig({ binary, configFile, signal });
    return null;
  } catch (error) {
    return messageOf(error).replaceAll(`${dir}/`, '');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** Custom filters of Calico 2.6 and before (spec calico-v1, 2.7), each judged alone by the BIRD of its family. */
export const customFilterVetting = ({ daemons, check }: Settings): Vetting => ({
  prefix: V1_GLOBAL,
  isJudged: isV1CustomFilter,
  judge: (key, value, signal) => {
    const { binary } = customFilterFamily(key) === 4 ? daemons.bird : daemons.bird6;
    return customFilterFault(value, check ? binary : null, signal);
  },
  diagnosticOf: refusedCustomFilter,
});
