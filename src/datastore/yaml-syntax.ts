import type { Document, Node } from 'yaml';
import type { RawDocument, Syntax, SyntaxFault } from './document-syntax.ts';
import { plainLabelText } from './label-text.ts';

type Yaml = typeof import('yaml');

/** An anchor may be used this often, counted through nested aliases: stops a small text that expands to gigabytes. */
const MAX_ALIASES = 100;

/**
 * The documents of a YAML 1.2 text, by the rules of `readSyntax`. Labels without quotes are made strings here, because only
 * here it is known which scalars had quotes. `yaml` is handed in: whoever needs it loads it.
 */
export function readYaml(yaml: Yaml, text: string): Syntax {
  const lines = new yaml.LineCounter();
  const documents: RawDocument[] = [];
  const faults: SyntaxFault[] = [];
  const fault = (offset: number, reason: string) => {
    const { line, col } = lines.linePos(offset);
    faults.push({ line: Math.max(line, 1), column: Math.max(col, 1), reason });
  };
  const take = (found: Iterable<Document.Parsed>) => {
    for (const document of found) {
      // Only unknown tags and directives are warnings: data that would be read otherwise than it was meant.
      const first = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0];
      const start = document.contents?.range[0] ?? document.range[0];
      if (first) {
        fault(first.pos[0], reasonOf(first.code));
        continue;
      }
      const repeated = repeatedKeyAt(yaml, document);
      if (repeated !== null) {
        fault(repeated, 'duplicate key');
        continue;
      }
      const items = itemsOf(yaml, document.contents);
      for (const node of [document.contents, ...items]) plainLabels(yaml, document, node);
      try {
        const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
        const itemLines = items.map((item) => lines.linePos(item?.range?.[0] ?? start).line);
        documents.push({ value, line: lines.linePos(start).line, itemLines });
      } catch {
        fault(start, 'an alias without its anchor, too many aliases, or nested too deeply');
      }
    }
  };
  const composer = new yaml.Composer({
    version: '1.2',
    schema: 'core',
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false, // its check takes time by the square of a mapping's size; `repeatedKeyAt` does not
    prettyErrors: false,
    logLevel: 'error',
  });
  // Parser and composer recurse, so deep nesting ends in a stack overflow: the composer goes on with the next document, the
  // parser cannot.
  let offset = 0;
  try {
    for (const token of new yaml.Parser(lines.addNewLine).parse(text)) {
      offset = token.offset ?? offset;
      try {
        take(composer.next(token));
      } catch {
        fault(offset, 'nested too deeply');
      }
    }
  } catch {
    fault(offset, 'nested too deeply from here on');
  }
  take(composer.end());
  const stray = composer.streamInfo().errors[0];
  if (stray) fault(stray.pos[0], reasonOf(stray.code));
  return { documents, faults };
}

/** The offset of the first key that its mapping already has. */
function repeatedKeyAt(yaml: Yaml, document: Document.Parsed): number | null {
  let at: number | null = null;
  yaml.visit(document, {
    Map: (_, { items }) => {
      const keys = new Set<unknown>();
      for (const { key } of items) {
        const name = yaml.isScalar(key) ? key.value : key;
        if (keys.has(name)) at ??= (yaml.isScalar(key) && key.range?.[0]) || 0;
        keys.add(name);
      }
      return at === null ? undefined : yaml.visit.BREAK;
    },
  });
  return at;
}

/** `BAD_INDENT` → `bad indent`. The parser's own messages quote the text, so they are not shown. */
const reasonOf = (code: string): string => code.toLowerCase().replaceAll('_', ' ');

function itemsOf(yaml: Yaml, root: unknown): readonly (Node | null)[] {
  const items = yaml.isMap(root) ? root.get('items', true) : root;
  return yaml.isSeq(items) ? items.items.map((item) => (yaml.isNode(item) ? item : null)) : [];
}

function plainLabels(yaml: Yaml, document: Document.Parsed, resource: unknown): void {
  const follow = (node: unknown) => (yaml.isAlias(node) ? node.resolve(document) : node);
  const member = (node: unknown, name: string) => (yaml.isMap(node) ? follow(node.get(name, true)) : null);
  const labels = member(member(follow(resource), 'metadata'), 'labels');
  if (!yaml.isMap(labels)) return;
  for (const { value } of labels.items) {
    const scalar = follow(value);
    if (yaml.isScalar(scalar) && scalar.type === yaml.Scalar.PLAIN && scalar.source !== undefined) {
      scalar.value = plainLabelText(scalar.source, scalar.value);
    }
  }
}
