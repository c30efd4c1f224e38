/**
 * A BIRD string literal, quotes included. BIRD strings have no escape, so a value with a quote, a line break or another control
 * character cannot be written at all: throws a RangeError without the value, which may be a password.
 */
export function quoted(value: string): string {
  if (/["\x00-\x1f\x7f]/.test(value)) throw new RangeError('a BIRD string cannot hold quotes or control characters');
  return `"${value}"`;
}

/** A BIRD symbol in single quotes, which lets it hold "." and "-". Throws a RangeError for what is none: 64 characters at most. */
export function quotedSymbol(value: string): string {
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(value))
    throw new RangeError('a quoted BIRD symbol holds letters, digits, "_", "." and "-"');
  return `'${value}'`;
}

/**
 * Text as it may be shown, a configuration of whomever or a diff: what follows the word `password`, where that begins a line or a string
 * stands behind it, is hidden to the end of the line.
 */
export const withoutPasswords = (text: string): string =>
  text.replace(/(^[ \t+-]*password\s+|\bpassword\s+(?="))[^\n]+/gim, '$1[redacted];');

/** What may stand in a configuration unquoted: numbers, addresses, CIDRs, symbols, datastore keys. Nothing that ends a statement or starts a comment. */
const WORD = /^[A-Za-z0-9_.:/-]*$/;

export const isWord = (value: string): boolean => WORD.test(value);
