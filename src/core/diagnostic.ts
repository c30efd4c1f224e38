import { byBytes } from './order.ts';

/**
 * A fault in the operator's data: returned, never thrown.
 * `code` is stable and tested; `key` is the datastore key, `path` leads from the value's root to the field.
 */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly key: string;
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Control and invisible characters escaped: text out of a datastore must not steer a terminal or begin a line of its own. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);

/** One line for people: `error invalid-value /calico/…/bgppeers/a spec.peerIP: …`. */
export function formatDiagnostic(d: Diagnostic): string {
  const at = d.path.length > 0 ? ` ${d.path.join('.')}` : '';
  return printable(`${d.severity} ${d.code} ${d.key}${at}: ${d.message}`);
}

/** Sorted by key, then path, then code, each once: the order in which they are printed and kept in goldens. */
export function sortDiagnostics(list: readonly Diagnostic[]): readonly Diagnostic[] {
  // \x01 after every step of a path: what is above sorts before what is below.
  const rank = (d: Diagnostic) => [d.key, d.path.map((step) => `${step}\x01`).join(''), d.code, d.message].join('\0');
  const seen = new Map(list.map((d) => [rank(d), d]));
  return [...seen.entries()].sort(([a], [b]) => byBytes(a, b)).map(([, d]) => d);
}

export const hasErrors = (list: readonly Diagnostic[]): boolean => list.some((d) => d.severity === 'error');

const SHOWN = 80;

/** A value as a message shows it: quoted, control characters escaped, cut after 80 characters. Never call it with a secret. */
export function show(value: unknown): string {
  const text = printable(jsonOf(value));
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text;
}

/** `JSON.parse` reads any depth, but writing recurses, and some depth ends the stack. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'a value that is nested too deeply to be shown';
  }
}
