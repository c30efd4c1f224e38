import type { Diagnostic } from '../../core/diagnostic.ts';
import { V1_GLOBAL } from '../../core/keys.ts';

/** The family of a custom filter's key. */
export const customFilterFamily = (key: string): 4 | 6 => (key.startsWith(`${V1_GLOBAL}custom_filters/v4/`) ? 4 : 6);

/** What is told of a custom filter that was judged and may not be used. */
export const refusedCustomFilter = (key: string, why: string): Diagnostic => {
  const message = `this custom filter is not used: ${why}`;
  return { severity: 'error', code: 'custom-filter-refused', key, path: [], message };
};
