import { byBytes } from '../core/order.ts';

/** Wherever it stands: the text may be another's. */
const PASSWORD = /(\bpassword\s+)("[^"\n]*")/g;

/**
 * Configuration texts as they may be shown: passwords are numbered across all of them, so that one tells whether one is another, never
 * what it is. In the order of `texts`.
 */
export function withNumberedPasswords(texts: readonly string[]): readonly string[] {
  const found = texts.flatMap((text) => (text.includes('password') ? [...text.matchAll(PASSWORD)] : []));
  if (found.length === 0) return texts;
  const known = [...new Set(found.map(([, , value = '']) => value))].sort(byBytes);
  return texts.map((text) =>
    text.replace(PASSWORD, (_, start, value: string) => `${start}[redacted ${known.indexOf(value) + 1}]`),
  );
}
