import { formatPatch, structuredPatch } from 'diff';
import type { FileReport, HarnessReport } from './report.ts';

/** The unified diff of a file, with its two names on top; empty where it passed. */
export function textDiff({ path, before, after }: FileReport, sides: HarnessReport['sides']): string {
  if (before === after) return '';
  const patch = structuredPatch(
    `${path} (${sides.before})`,
    `${path} (${sides.after})`,
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    { context: 3 },
  );
  return formatPatch(patch)
    .split('\n')
    .filter((line) => !/^=+$/.test(line))
    .join('\n');
}
