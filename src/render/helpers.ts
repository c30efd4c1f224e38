import { quoted, quotedSymbol } from '../bird/syntax.ts';
import { Secret } from '../core/secret.ts';
import { BirdString, LiveText } from './guard.ts';

/** The constants of Calico's metric arithmetic: a route's local preference is this minus its metric (spec calico-v3, 3.1). */
const METRIC_BASE = 2147483647;

/** A string of the data, or of the template itself, as a BIRD string. The only way for text that is no plain word. */
function quote(value: unknown): string {
  if (value instanceof Secret) return quoted(value.reveal());
  if (value instanceof BirdString) return quoted(value.value);
  if (typeof value === 'string') return quoted(value);
  throw new Error('bug: quote takes a string');
}

/** Statements that BIRD runs or has judged already, as they are. */
function verbatim(value: unknown): string {
  if (!(value instanceof LiveText)) throw new Error('bug: verbatim takes statements that BIRD knows');
  return value.text;
}

/** A name with dots and dashes as a BIRD symbol. */
function quoteSymbol(value: unknown): string {
  if (typeof value !== 'string') throw new Error('bug: quoteSymbol takes a string');
  return quotedSymbol(value);
}

/** A nullable field where the template has already made sure that it is there. */
function required(value: unknown): unknown {
  if (value === null || value === undefined || value === '') throw new Error('bug: a required value is missing');
  return value;
}

/** The local preference of a route with metric `priority`. */
function localPref(priority: unknown): number {
  if (typeof priority !== 'number') throw new Error('bug: localPref takes a number');
  return METRIC_BASE - priority;
}

/** Whether two words are the same: the only comparison that templates need, over a view's tagged values. */
const is = (a: unknown, b: unknown): boolean => a === b;

/** What templates may call, beside Handlebars' own `if`, `unless`, `each` and `with` (documented in templates/README.md). */
export const HELPERS = {
  quote,
  quoteSymbol,
  verbatim,
  required,
  localPref,
  is,
  metricBase: () => METRIC_BASE,
} as const;
