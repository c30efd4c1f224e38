/** What XML 1.0 has no way to write, not even escaped: control characters, halves of surrogate pairs, two non-characters. */
const UNWRITABLE =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * A text as content or as a quoted attribute of HTML and XML: it can neither open nor close anything there. Invisible characters that
 * turn the direction of writing are shown as their code, so that a line reads as what it is.
 */
export const markup = (text: string): string =>
  text
    .replace(UNWRITABLE, '\ufffd')
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);
