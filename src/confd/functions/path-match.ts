/** A glob that is none, as Go's path.ErrBadPattern. */
const bad = (pattern: string): Error => new Error(`syntax error in pattern ${JSON.stringify(pattern)}`);

/** The end of a class that begins at `at`, behind its `]`, and the regular expression for it. */
function classAt(pattern: string, at: number): { readonly end: number; readonly source: string } {
  const negated = pattern[at + 1] === '^';
  let i = at + (negated ? 2 : 1);
  let source = '';
  const one = (): string => {
    if (pattern[i] === '\\') i++;
    const code = pattern.codePointAt(i);
    if (code === undefined) throw bad(pattern);
    i += code > 0xffff ? 2 : 1;
    return `\\u{${code.toString(16)}}`;
  };
  for (let count = 0; ; count++) {
    if (pattern[i] === ']' && count > 0) break;
    if (pattern[i] === undefined || pattern[i] === '-' || pattern[i] === ']') throw bad(pattern);
    const from = one();
    if (pattern[i] === '-') {
      i++;
      if (pattern[i] === ']' || pattern[i] === '-' || pattern[i] === undefined) throw bad(pattern);
      const to = one();
      // Go takes a range that is upside down, and matches nothing by it.
      const [low, high] = [from, to].map((text) => Number.parseInt(text.slice(3, -1), 16));
      if (low! <= high!) source += `${from}-${to}`;
    } else source += from;
  }
  return { end: i + 1, source: source === '' ? (negated ? '[^]' : '(?!)') : `[${negated ? '^' : ''}${source}]` };
}

const compiled = new Map<string, RegExp>();
const MAX_KNOWN = 1_000;

/**
 * Whether all of `name` matches `pattern` by the rules of Go's path.Match: `*` and `?` do not cross `/`, classes such as `[a-z]` and `[^a]` do, `\`
 * takes the next character as it is. Throws for a malformed pattern.
 */
export function pathMatch(pattern: string, name: string): boolean {
  let expression = compiled.get(pattern);
  if (!expression) {
    let source = '';
    for (let i = 0; i < pattern.length; ) {
      const c = pattern[i]!;
      if (c === '[') {
        const found = classAt(pattern, i);
        source += found.source;
        i = found.end;
        continue;
      }
      if (c === '\\' && i + 1 >= pattern.length) throw bad(pattern);
      const literal = c === '\\' ? pattern.codePointAt(++i)! : pattern.codePointAt(i)!;
      i += literal > 0xffff ? 2 : 1;
      source += c === '*' ? '[^/]*' : c === '?' ? '[^/]' : `\\u{${literal.toString(16)}}`;
    }
    expression = new RegExp(`^${source}$`, 'u');
    if (compiled.size >= MAX_KNOWN) compiled.clear();
    compiled.set(pattern, expression);
  }
  return expression.test(name);
}
