import type Handlebars from 'handlebars';
import * as runtime from 'handlebars/runtime.js';
import { PRECOMPILED } from './precompiled.ts';

// Its own types leave out what it exports.
const { default: runtimeAlone } = runtime as unknown as { readonly default: typeof Handlebars };

/** Handlebars with its compiler, most of which is a parser: it is loaded once a text needs it. */
let whole = PRECOMPILED.size === 0 ? (await import('handlebars')).default : null;

const isReady = (texts: Iterable<string>): boolean => [...texts].every((text) => PRECOMPILED.has(text));

/** Resolves once `handlebarsFor` has what these texts need; for whoever reads templates. */
export async function prepareToCompile(texts: Iterable<string>): Promise<void> {
  if (!isReady(texts)) whole ??= (await import('handlebars')).default;
}

/** The Handlebars for templates of these texts: without its compiler where the build has compiled all of them. */
export function handlebarsFor(texts: Iterable<string>): typeof Handlebars {
  if (isReady(texts)) return runtimeAlone;
  if (!whole) throw new Error('bug: templates that nobody has prepared to compile');
  return whole;
}
