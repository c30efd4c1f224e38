import type { TemplateTexts } from './environment.ts';

const COMMENT = /\{\{~?!(?:(?=--)[\s\S]*?--|[\s\S]*?)~?\}\}/g;
/** A list of which nothing is asked but that its items stand there, one after the other. */
const PLAIN_LOOP =
  /\{\{~?#each (?!this\b)\w+~?\}\}(?:(?!\{\{)[\s\S])*\{\{~?this~?\}\}(?:(?!\{\{)[\s\S])*\{\{~?\/each~?\}\}/g;
const EXPRESSION = /\{\{((?:"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|\[(?:\\\]|[^\]])*\]|[^"'[}]|\}(?!\}))*)\}\}/g;
/** A field printed, or asked whether it is there. */
const PLAIN_USE = /^(?:\w+|#(?:if|unless) \w+)$/;
/** Whatever reads fields without their names: of a view as a whole, or what hides from one who only reads expressions one by one. */
const UNNAMED = /\blookup\b|(?:^|[\s(=#^&>/])(?:(?:@root|this|\.\.?)[/.]?)+(?=$|[\s)|])|^#?\*|^\{\{/;
const PARTIAL = /^#?>\s*["']?([^\s"']+)/;

/** The words in all expressions that are more than a plain use, of this template and those that it calls. Null: they cannot be told. */
function otherWords(templates: TemplateTexts, partial: string): ReadonlySet<string> | null {
  const words = new Set<string>();
  const called = new Set([partial]);
  for (const name of called) {
    const text = templates.get(name);
    if (text === undefined || text.includes('\\{{')) return null;
    const bare = text.replace(COMMENT, ' ').replace(PLAIN_LOOP, ' ');
    if (bare.replace(EXPRESSION, ' ').includes('{{')) return null;
    for (const [, inside = ''] of bare.matchAll(EXPRESSION)) {
      const expression = inside.replace(/^~|~$/g, '').trim();
      if (PLAIN_USE.test(expression)) continue;
      if (UNNAMED.test(expression)) return null;
      const [, other] = PARTIAL.exec(expression) ?? [];
      if (other !== undefined) called.add(other);
      for (const [word] of expression.matchAll(/\w+/g)) words.add(word);
    }
  }
  return words;
}

/**
 * Tells the fields of a view with which template `partial`, and all that it calls, does nothing but print them (`{{name}}`), ask whether they
 * are there (`{{#if name}}`), or print the items of a list (`{{#each names}}… {{this}} …{{/each}}`). It goes by the templates' texts, and
 * where these leave a doubt by the worse: a field that is named in any other way, or could be read unnamed, is none of these.
 */
export function printedFields(templates: TemplateTexts, partial: string): (field: string) => boolean {
  const words = otherWords(templates, partial);
  return (field) => words !== null && /^\w+$/.test(field) && !words.has(field);
}
