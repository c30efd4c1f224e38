import { type Cidr, contains, parseCidr } from '../core/ip-address.ts';
import type { NamedText } from '../core/named-text.ts';
import { type Definition, definitionsOf, namesOf, neighborOf } from './definitions.ts';
import { inventoryOf } from './inventory.ts';
import { mergeStatements, type Sequence } from './merge-statements.ts';
import { canonical, parseStatements, type Span, type Statement } from './statements.ts';

/** What the live configuration holds in all its files, and what comes to it. */
interface Whole {
  readonly live: ReadonlyMap<string, Definition>;
  readonly coming: ReadonlySet<string>;
  /** Ranges whose routes are let through or stopped. */
  readonly pools: readonly Cidr[];
  /** Destinations of static routes. */
  readonly routes: ReadonlySet<string>;
}

/** Another one of these would change what happens to routes that are there. */
const ALONE = /^protocol (kernel|direct|device|pipe)\b/;
const FINAL = /^(accept|reject)$/;
const RULE = /^if \( ?net (~|=) (\S+)( && .*)? ?\) then$/;
const ROUTE = /^route (\S+)/;

/** A function with other parameters, or a template of another AS, cannot stand in for the one that a new statement was made for. */
function standsIn(live: Statement, desired: Statement | undefined): boolean {
  const localAs = ({ body }: Statement) => body?.find(({ words }) => words.startsWith('local as '))?.words;
  return live.words === desired?.words && localAs(live) === localAs(desired);
}

/**
 * New definitions that can stand beside live's: what they use is new too, or live's stands in for it, and nobody there speaks
 * to their neighbor yet: a second session to one neighbor makes it close the first (BIRD 1.6: "Error: Graceful restart").
 */
function comingNames(live: Whole['live'], desired: Whole['live']): ReadonlySet<string> {
  const spoken = new Set([...live.values()].map((definition) => neighborOf(definition, live)));
  const coming = new Set<string>();
  for (const [name, definition] of desired) {
    if (live.has(name) || ALONE.test(definition.statement.words)) continue;
    const works = definition.uses.every((used) => {
      const known = live.get(used)?.statement;
      return known ? standsIn(known, desired.get(used)?.statement) : coming.has(used);
    });
    const neighbor = neighborOf(definition, desired);
    if (works && (neighbor === null || !spoken.has(neighbor))) coming.add(name);
  }
  return coming;
}

const rangeOf = ({ words }: Statement): Cidr | null => parseCidr(RULE.exec(words)?.[2] ?? '');
const overlap = (a: Cidr, b: Cidr): boolean => contains(a, b) || contains(b, a);

/** Whether a rule is about a pool, or in a function that tells blocks from what is in them about a block, that live has no rule for. */
function isNewRule(
  statement: Statement,
  live: readonly Statement[],
  desired: readonly Statement[],
  whole: Whole,
): boolean {
  const range = rangeOf(statement);
  if (!range) return false;
  const known = live.map(rangeOf).filter((other) => other !== null);
  const isBlock = desired.some((other) => RULE.exec(other.words)?.[1] === '=' && rangeOf(other)?.text === range.text);
  return !(isBlock ? known : [...known, ...whole.pools]).some((other) => overlap(other, range));
}

/** A repeated statement is another one each time. */
function ranked(texts: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return texts.map((text) => {
    seen.set(text, (seen.get(text) ?? 0) + 1);
    return `${text} ${seen.get(text)}`;
  });
}

function sequenceOf(text: string, statements: readonly Statement[], span: Span): Sequence {
  return { text, span, statements, keys: ranked(statements.map(canonical)) };
}

/** The body of a definition that both have: live's, and in static protocols, filters and functions what is new there. */
function mergeBody(texts: readonly [string, string], live: Statement, desired: Statement, whole: Whole): string {
  const own = texts[0].slice(live.source.start, live.source.end);
  if (!live.body || !live.inner || !desired.body || !desired.inner) return own;
  const isStatic =
    /^(protocol|template) static\b/.test(live.words) && /^(protocol|template) static\b/.test(desired.words);
  // A BGPFilter's function is named for the resource: what it says is about sessions that are there.
  const isRules = /^(function|filter) (?!'?bgp_)/.test(live.words) && /^(function|filter) /.test(desired.words);
  const [old, wanted] = [live.body, desired.body];
  const comes = (statement: Statement): boolean => {
    if (isStatic) return ROUTE.test(statement.words) && !whole.routes.has(ROUTE.exec(statement.words)?.[1] ?? '');
    return isRules && isNewRule(statement, old, wanted, whole);
  };
  const merged = mergeStatements(sequenceOf(texts[0], old, live.inner), sequenceOf(texts[1], wanted, desired.inner), {
    earliest: (statement) => (comes(statement) ? 0 : null),
    both: ({ source }) => texts[0].slice(source.start, source.end),
    end: ({ words }) => FINAL.test(words),
  });
  return texts[0].slice(live.source.start, live.inner.start) + merged + texts[0].slice(live.inner.end, live.source.end);
}

function mergeFile(live: string, desired: string, whole: Whole): string {
  const [old, wanted] = [live, desired].map(parseStatements) as [readonly Statement[], readonly Statement[]];
  const [oldNames, wantedNames] = [old, wanted].map(namesOf) as [
    readonly (string | null)[],
    readonly (string | null)[],
  ];
  const nameOf = new Map(wanted.map((statement, i) => [statement, wantedNames[i] ?? null]));
  const keys = (statements: readonly Statement[], names: readonly (string | null)[]) =>
    ranked(statements.map((statement, i) => (names[i] ? `name ${names[i]}` : canonical(statement))));
  const spanOf = (text: string) => ({ start: 0, end: text.length });
  return mergeStatements(
    { text: live, span: spanOf(live), statements: old, keys: keys(old, oldNames) },
    { text: desired, span: spanOf(desired), statements: wanted, keys: keys(wanted, wantedNames) },
    {
      earliest: (statement) => {
        const name = nameOf.get(statement);
        if (!name || !whole.coming.has(name)) return null;
        const words = new Set(
          canonical(statement)
            .replaceAll("'", '')
            .split(/[\s;]+/),
        );
        return oldNames.findLastIndex((other) => other !== null && words.has(other)) + 1;
      },
      both: (one, other) => mergeBody([live, desired], one, other, whole),
      end: () => false,
    },
  );
}

/**
 * The live configuration with only what `desired` adds to it: new sessions, with what these need and live lacks, new static
 * routes, and rules for new pools. What live has stays as it is, whatever `desired` makes of it: no session goes, restarts or is
 * told other routes than those of the new blocks and pools, and no pool's routes are treated in another way. A session that cannot
 * stand beside live's stays out: its neighbor is spoken to already, a function that it calls has other parameters there, or its
 * template another AS.
 *
 * Of the files that a daemon reads together each of live's keeps its name, place and includes. A file that only `desired` has
 * stays out, and what it defines with it.
 */
export function holdBackFiles(live: readonly NamedText[], desired: readonly NamedText[]): readonly NamedText[] {
  const texts = new Map(desired.map(({ name, text }) => [name, text]));
  const shared = live.map(({ name }) => texts.get(name) ?? '');
  const all = definitionsOf(live.map(({ text }) => text));
  const { pools, blocks } = inventoryOf(live.map(({ text }) => text).join('\n'));
  const whole: Whole = {
    live: all,
    coming: comingNames(all, definitionsOf(shared)),
    pools: [...pools.keys()].map(parseCidr).filter((range) => range !== null),
    routes: blocks,
  };
  return live.map(({ name, text }, i) => ({ name, text: mergeFile(text, shared[i]!, whole) }));
}
