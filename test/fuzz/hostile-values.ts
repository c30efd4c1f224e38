import { parseIp } from '../../src/core/ip-address.ts';
import { HOSTILE } from '../datamodel/hostile-strings.ts';
import { type FieldPlace, fieldAt, type Step, withField } from './fields.ts';
import { anyText, canary, escapeText } from './hostile-texts.ts';
import type { Random } from './random.ts';

/** A resource's JSON with something hostile in it. */
export interface HostileJson {
  readonly text: string;
  /** The places of what is bad for certain, each of which a Diagnostic must name; none: it may be valid. */
  readonly told: readonly (readonly Step[])[];
}

/** JSON text in place of a field, and whether no rule can take it there. */
interface Replacement {
  readonly json: string;
  readonly bad: boolean;
}

/** Stands in a tree for JSON text that no tree can hold: infinite numbers, depths that end a stack. */
const HOLE = '@hole@';
const HOLES = /"@hole@(\d+)"/g;

const maybe = (json: string): Replacement => ({ json, bad: false });
const bad = (json: string): Replacement => ({ json, bad: true });

const DEPTHS = [...Array(30).fill([2, 3, 5, 10, 50, 100]).flat(), 1_000, 1_000, 20_000] as readonly number[];

function nested(random: Random): string {
  const depth = random.pick(DEPTHS);
  if (random.chance(0.5)) return `${'['.repeat(depth)}${random.pick(['', '1', '"x"'])}${']'.repeat(depth)}`;
  return `${'{"a":'.repeat(depth)}${JSON.stringify(escapeText(random))}${'}'.repeat(depth)}`;
}

const LISTS: readonly ((random: Random) => string)[] = [
  () => '[]',
  (r) => `[${JSON.stringify(escapeText(r))}]`,
  (r) =>
    `[${Array.from({ length: r.pick([2, 3, 10, 100, r.chance(0.05) ? 20_000 : 5]) }, () => r.pick(['0', 'null', '"x"', '{}'])).join()}]`,
  (r) => `[${nested(r)}]`,
];
const OBJECTS: readonly ((random: Random) => string)[] = [
  () => '{}',
  (r) => `{${JSON.stringify(escapeText(r))}:${JSON.stringify(anyText(r))}}`,
  () => '{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}',
  () => '{"toString":1,"valueOf":null,"toJSON":"x","length":-1}',
  (r) => `{"a":${nested(r)}}`,
];
const NUMBERS = ['-1', '0.5', '1e21', '1e999', '-1e999', '4294967296', '9007199254740993', '-0.1', '1.1', '5e-324'];
const DOUBTFUL_NUMBERS = ['0', '-0', '1', '65535', '65536', '2147483647', '4294967295', '1e3'];
const BOOLEANS = ['true', 'false'];

const quotedText = (random: Random): string =>
  JSON.stringify(random.chance(0.7) ? escapeText(random) : anyText(random));

/** Something that is neither of the `right` JSON types nor null. */
function wrongType(random: Random, right: readonly string[]): Replacement {
  const others: readonly (readonly [string, () => string])[] = [
    ['list', () => random.pick(LISTS)(random)],
    ['object', () => random.pick(OBJECTS)(random)],
    ['number', () => random.pick([...NUMBERS, ...DOUBTFUL_NUMBERS])],
    ['boolean', () => random.pick(BOOLEANS)],
    ['string', () => quotedText(random)],
  ];
  return bad(random.pick(others.filter(([type]) => !right.includes(type)))[1]());
}

function forString({ kind, path, row }: FieldPlace, random: Random): Replacement {
  const takesNumbers = row?.valid.has(1) ?? false;
  const choice = random.below(20);
  if (choice < 4) return wrongType(random, takesNumbers ? ['string', 'number'] : ['string']);
  if (choice < 5) return takesNumbers ? bad(random.pick(NUMBERS)) : maybe('null');
  // Short words, and canaries with blanks around them, may be base64; what is empty is told as missing, but only once all else is right.
  const isRefused = (text: string) =>
    text !== '' && row !== null && !row.free && (kind !== 'Secret' || !/^[\w+/=\s]*$/.test(text));
  // A gateway of either family is one; which of them it must be, the peer's own address decides.
  const isGateway = (text: string) => path.at(-1) === 'reachableBy' && parseIp(text) !== null;
  if (choice < 13) {
    const text = escapeText(random);
    return { json: JSON.stringify(text), bad: isRefused(text) };
  }
  if (choice < 15) return maybe(JSON.stringify(anyText(random)));
  const text = random.pick(HOSTILE);
  return { json: JSON.stringify(text), bad: isRefused(text) && row?.valid.has(text) === false && !isGateway(text) };
}

function forNumber({ shape }: FieldPlace, random: Random): Replacement {
  const [, min, max] = ('expects' in shape && /from (\d+) to (\d+)/.exec(shape.expects)) || [];
  if (random.chance(0.4)) return wrongType(random, ['number']);
  if (random.chance(0.3)) return maybe(random.pick([...DOUBTFUL_NUMBERS, String(min), String(max)]));
  return bad(random.pick([...NUMBERS.slice(0, 5), String(Number(min) - 1), String(Number(max) + 1)]));
}

function replacement(place: FieldPlace, random: Random): Replacement {
  switch (place.shape.type) {
    case 'string':
      return forString(place, random);
    case 'number':
      return forNumber(place, random);
    case 'boolean':
      return random.chance(0.8) ? wrongType(random, ['boolean']) : maybe(random.pick([...BOOLEANS, 'null']));
    case 'list':
      return random.chance(0.7) ? wrongType(random, ['list']) : maybe(random.pick(LISTS)(random));
    default:
      return random.chance(0.7) ? wrongType(random, ['object']) : maybe(random.pick(OBJECTS)(random));
  }
}

/** `tree` as JSON, with `json` where its hole is. */
const filled = (tree: unknown, json: string): string => JSON.stringify(tree).replace(`"${HOLE}"`, () => json);

/** Where what is wrong is told only if nothing else is. */
const isToldLater = ({ row }: FieldPlace): boolean =>
  row !== null && row.otherwise !== null && row.code !== 'unknown-word';

const isWithin = (inner: readonly Step[], outer: readonly Step[]): boolean =>
  outer.every((step, i) => inner[i] === step);

/**
 * Something hostile in place of one field of `base`, or, where it is bad for certain and so never shows in a file, in place of
 * several: each must be told.
 */
export function replaceFields(base: unknown, places: readonly FieldPlace[], random: Random): HostileJson {
  const replaced: (readonly [FieldPlace, Replacement])[] = [];
  const wanted = 1 + random.below(8);
  for (let i = 0; i < wanted; i++) {
    const place = random.pick(places);
    const found = replacement(place, random);
    if (i === 0 && (!found.bad || isToldLater(place))) return withReplaced(base, [[place, found]]);
    const overlaps = replaced.some(([{ path }]) => isWithin(path, place.path) || isWithin(place.path, path));
    if (found.bad && !isToldLater(place) && !overlaps) replaced.push([place, found]);
  }
  return withReplaced(base, replaced);
}

function withReplaced(base: unknown, replaced: readonly (readonly [FieldPlace, Replacement])[]): HostileJson {
  const tree = replaced.reduce((value, [{ path }], i) => withField(value, path, `${HOLE}${i}`), base);
  const text = JSON.stringify(tree).replace(HOLES, (_, i: string) => replaced[Number(i)]![1].json);
  return { text, told: replaced.filter(([, { bad: isBad }]) => isBad).map(([{ path }]) => path) };
}

/** Names that mean something to JavaScript, and to who misspells. Canaries stand for all others. */
const FIELD_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  '',
  ' ',
  'SPEC',
  'peerip',
  '0',
];

/** One field more, which nobody knows, in an object of `base`; below `spec` that is told wherever the API is all known. */
export function addField(base: unknown, place: FieldPlace, random: Random): HostileJson {
  const name = random.chance(0.4) ? random.pick(FIELD_NAMES) : random.chance(0.1) ? canary() : escapeText(random);
  const around = fieldAt(base, place.path);
  const isObject = typeof around === 'object' && around !== null && !Array.isArray(around);
  const tree = withField(base, [...place.path, HOLE], random.pick([1, 'x', null, [], {}]));
  const isStrict = place.path[0] === 'spec' && !['ClusterInformation', 'Service'].includes(place.kind);
  const known = isObject && Object.hasOwn(around, name);
  return {
    text: filled(tree, JSON.stringify(name)),
    told: isStrict && !known ? [[...place.path, name.slice(0, 64)]] : [],
  };
}

/** About what etcd takes as one value. */
const LARGEST = 1_000_000;

/** The same list many times over, as far as it is there. */
export function growList(base: unknown, place: FieldPlace, random: Random): HostileJson {
  const around = fieldAt(base, place.path);
  const items = Array.isArray(around) && around.length > 0 ? around : [random.pick(['x', '64512', 1, {}, null])];
  const longest = Math.ceil((random.chance(0.02) ? LARGEST : LARGEST / 50) / JSON.stringify(items[0]).length);
  const times = Math.min(longest, random.pick([2, 2, 3, 10, 100, 20_000]));
  const json = `[${Array.from({ length: times }, (_, i) => JSON.stringify(items[i % items.length])).join()}]`;
  return { text: filled(withField(base, place.path, HOLE), json), told: [] };
}

const DAMAGES: readonly ((text: string, random: Random) => string)[] = [
  (text, r) => text.slice(0, r.below(text.length)),
  (text, r) => text.slice(r.below(text.length)),
  (text, r) => {
    const at = r.below(text.length);
    return (
      text.slice(0, at) +
      r.pick(['"', '{', '}', ',', '\0', '\n', '\\', ' ', '\ud800', 'NaN', '//']) +
      text.slice(at + 1)
    );
  },
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text) => `${text},`,
  (text) => `# ${text}`,
  (text) => text.replaceAll('"', "'"),
  (text) => text.replace('{', '{"spec":{"peerIP":"192.0.2.77"},'),
  (text) => text.replace('{', '{,'),
  () => 'NaN',
  () => 'undefined',
  () => 'null',
  () => '""',
  () => ' ',
  () => '',
  () => '[]',
  () => '-',
  () => '1e999',
  (_, r) => nested(r),
  (_, r) => '['.repeat(r.pick(DEPTHS)),
  (_, r) => '{"a":'.repeat(r.pick(DEPTHS)),
  (_, r) => escapeText(r),
  (text) => Buffer.from(text, 'utf16le').toString('latin1'),
];

/** The text of `base` damaged, so that most often it is no JSON, or none of a resource. */
export function damage(base: unknown, random: Random): HostileJson {
  const text = random.pick(DAMAGES)(JSON.stringify(base), random);
  try {
    const value: unknown = text === '' ? {} : JSON.parse(text);
    return { text, told: typeof value === 'object' && value !== null && !Array.isArray(value) ? [] : [[]] };
  } catch {
    return { text, told: [[]] };
  }
}
