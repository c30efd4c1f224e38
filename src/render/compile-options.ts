import { HELPERS } from './helpers.ts';

/** The helpers that cut a file into blocks, beside those of helpers.ts. */
export const BLOCK_HELPERS = ['block', 'blocks'] as const;

/** How every template is compiled, here and by the build. */
export const COMPILE_OPTIONS = {
  noEscape: true, // BIRD is not HTML
  strict: true,
  knownHelpersOnly: true,
  knownHelpers: Object.fromEntries([...Object.keys(HELPERS), ...BLOCK_HELPERS].map((name) => [name, true])),
  preventIndent: true,
};
