import { CANARY } from './hostile-texts.ts';

/**
 * Reads configuration text as BIRD's own lexer does, and independently of the tokenizer in src/: strings end at the next
 * quote and hold no line break, comments end with their line.
 */
const OPAQUE = /"[^"\n]*"|'[A-Za-z0-9_.-]{1,64}'|#[^\n]*|\/\*[\s\S]*?\*\//g;

/** The text without what is in strings, quoted names and comments. Names of files and of devices that no data chooses stay. */
const bare = (text: string): string =>
  text.replace(OPAQUE, (found) => {
    if (found.startsWith('#') || found.startsWith('/')) return '';
    return found.startsWith("'") ? ' QUOTED ' : /^"bird6?_(aggr|ipam)\.cfg"$/.test(found) ? found : ' STRING ';
  });

const SESSION = /\b(?:Mesh|Global|Node|Local_Workload)_[0-9a-f_]+(?:_port_\d+)?\b/g;
const ADDRESS =
  /(?<![\w.])(?:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:\d+\.\d+\.\d+\.\d+)?|\d+\.\d+\.\d+\.\d+)(?:\/\d+)?(?![\w.])/g;

/** The shapes of all that stands between `;`, braces, `&&`, `||` and the words of `if`: words as they are, the data's own values by their kind. */
export function shapesOf(text: string): ReadonlySet<string> {
  const shapes = bare(text)
    .replace(SESSION, 'SESSION')
    .replace(ADDRESS, 'ADDRESS')
    .replace(/\b\d+\b/g, 'NUMBER')
    .replace(/\b(?:true|false)\b/g, 'BOOLEAN')
    .split(/[;{}]|&&|\|\||\b(?:if|then|else)\b/)
    .map((piece) =>
      piece
        .replace(/[()\s]+/g, ' ')
        .trim()
        .replace(/NUMBER(?: NUMBER)+/g, 'NUMBER')
        .replace(/- STRING ,(?: - STRING ,)+/g, '- STRING ,'),
    );
  return new Set(shapes);
}

/** What in `text` no valid data could have put there; null when all is well. `known` are the shapes that valid data give. */
export function injected(text: string, known: ReadonlySet<string>): string | null {
  const escaped = CANARY.exec(bare(text));
  if (escaped) return `the text of a hostile value stands outside of strings: ${escaped[0]}`;
  if (/[\x00-\x08\x0b-\x1f\x7f]/.test(text)) return 'a control character';
  const strange = [...shapesOf(text)].find((shape) => !known.has(shape));
  return strange === undefined ? repeatedIn(text) : `a statement that no valid data give: ${strange}`;
}

/** A session's options stand in it once: a second one would be another's doing, and BIRD takes the last. */
function repeatedIn(text: string): string | null {
  for (const [, body = ''] of bare(text).matchAll(/^protocol bgp \S+ from bgp_template \{\n([\s\S]*?)^\}$/gm)) {
    const options = [...body.matchAll(/^ {2}([a-z]+(?: [a-z]+)?)/gm)].map(([, option]) => option);
    const twice = options.find((option, i) => option !== 'rr cluster' && options.indexOf(option) !== i);
    if (twice) return `"${twice}" stands twice in one session`;
  }
  return null;
}
