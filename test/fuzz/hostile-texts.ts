import { HOSTILE } from '../datamodel/hostile-strings.ts';
import type { Random } from './random.ts';

/** A word that no configuration holds outside of strings and quoted names, unless a hostile value broke out of its place. */
export const CANARY = /zqj\d+q/;

let made = 0;

/** Another canary with each call, so that the value behind one that escaped is known. */
export const canary = (): string => `zqj${++made}q`;

/** Around a canary: ways out of a string, a comment, a statement or a line. None of them is valid in any field that is parsed. */
const ESCAPES: readonly ((word: string) => string)[] = [
  (word) => `"; passive on; ${word}; password "`,
  (word) => `${word}; }`,
  (word) => `"${word}`,
  (word) => `${word} # rest`,
  (word) => `/* ${word} */`,
  (word) => `*/ ${word} /*`,
  (word) => `x"; include "/etc/shadow"; ${word}`,
  (word) => `\n${word};\n`,
  (word) => `\r${word}`,
  (word) => `'; ${word} '`,
  (word) => `} protocol static ${word} { route 0.0.0.0/0 blackhole; } {`,
  (word) => `192.0.2.66; ${word}`,
  (word) => `64512; ${word}`,
  (word) => `198.51.100.0/24 ) then { accept; } ${word} (`,
  (word) => `{{${word}}}`,
  (word) => `{{> ${word}}}`,
  (word) => `eth0", "${word}`,
  (word) => `\u202e${word}\u202c`,
  (word) => `a\0${word}`,
  (word) => `\ud800${word}`,
  (word) => `${word}\udfff`,
  (word) => `e\u0301 ${word}`,
  (word) => ` ${word} `,
  (word) => `\u2028${word}`,
  (word) => `\ufeff${word}`,
  (word) => `$(${word})`,
  (word) => `\\"; ${word}; \\"`,
  (word) => `${word}%n%s`,
  (word) => `\x1b]0;${word}\x07`,
];

/** How long the long texts are; a megabyte is about what etcd takes. */
const LENGTHS = [65, 253, 254, 1_000, 20_000];

/** A text that no parsed field takes: with a canary that tries to get out, or far too long. */
export function escapeText(random: Random): string {
  const text = random.pick(ESCAPES)(canary());
  if (random.chance(0.99)) return random.chance(0.2) ? text + random.pick(ESCAPES)(canary()) : text;
  const length = random.chance(0.02) ? 1_000_000 : random.pick(LENGTHS);
  return text + random.pick(['a', '"', '(', '{', '9', ' ', '\u0301', '💥']).repeat(length);
}

const digits = (random: Random) =>
  random.pick(['0', '1', '9', '32', '33', '128', '129', '255', '256', '65536', '00', '-1']);
const octets = (random: Random) => Array.from({ length: random.pick([3, 4, 4, 4, 5]) }, () => digits(random)).join('.');
const groups = (random: Random) =>
  Array.from({ length: random.below(10) }, () => random.pick(['', '0', 'ffff', 'FE80', 'g', '2001', '00001'])).join(
    ':',
  );
const address = (random: Random) =>
  random.pick([
    octets,
    octets,
    groups,
    groups,
    (r: Random) => `${groups(r)}:${octets(r)}`,
    (r: Random) => `::ffff:${octets(r)}`,
  ])(random);

/** What almost is an address, a range, a port, an AS number, a community, a duration or a selector, and now and then is one. */
const NEAR: readonly ((random: Random) => string)[] = [
  address,
  (r) => `${address(r)}/${digits(r)}`,
  (r) => `${address(r)}:${digits(r)}`,
  (r) => `[${address(r)}]:${digits(r)}`,
  (r) => `${address(r)}%eth0`,
  (r) => `${digits(r)}.${digits(r)}`,
  (r) => r.pick(['0', '4294967295', '4294967296', '-1', '+1', '1e3', '0x1', '65535.65535', '65536.0', '1.1.1']),
  (r) => Array.from({ length: 1 + r.below(4) }, () => digits(r)).join(':'),
  (r) => `${digits(r)}${r.pick(['s', 'ms', 'h', 'ns', 'm1s', 'd', 's-1s', '.5s', 'µs'])}`,
  (r) => `${r.pick(['.', '9'.repeat(400), '1e9', '1'])}${r.pick(['s', 'h', 'h1', ''])}`,
  (r) => '1s'.repeat(r.below(200)),
  (r) => `${'('.repeat(r.below(300))}all()${')'.repeat(r.below(300))}`,
  (r) => `${'!'.repeat(r.below(300))}has(a)`,
  (r) => Array.from({ length: r.below(r.pick([5, 50, 2_000])) }, () => "a == 'b'").join(r.pick([' || ', ' && ', '||'])),
  (r) => `a in { ${"'x', ".repeat(r.below(r.pick([5, 50, 2_000])))} 'y' }`,
  (r) =>
    `${r.pick(['has(', 'a ==', "a == '", 'a in {', 'a not', '((', 'all() ||', 'all()all()'])}${' '.repeat(r.below(r.pick([5, 50, 3_000])))}`,
  (r) => 'a'.repeat(510 + r.below(5)),
];

/** Some hostile text; whether a field takes it, only its own rules tell. */
export function anyText(random: Random): string {
  return random.chance(0.4) ? random.pick(HOSTILE) : random.pick(NEAR)(random);
}
