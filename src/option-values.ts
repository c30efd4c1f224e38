/** A number of up to nine digits; null for anything else, as in all of these. */
export const wholeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text) ? Number(text) : null);

/** A file mode: `0640` or `640`. */
export const octal = (text: string): number | null => (/^0?[0-7]{3}$/.test(text) ? Number.parseInt(text, 8) : null);

/** A program and its arguments, split at blanks: there is no quoting, as no shell reads it. */
export const words = (text: string): readonly string[] | null => text.match(/\S+/g);

/** `25%` → 0.25; `off` → a share that nothing exceeds. */
export const share = (text: string): number | null =>
  text === 'off' ? Number.POSITIVE_INFINITY : /^\d{1,2}%$/.test(text) ? Number.parseInt(text, 10) / 100 : null;
