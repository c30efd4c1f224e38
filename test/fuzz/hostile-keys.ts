import { HOSTILE } from '../datamodel/hostile-strings.ts';
import { VALID_NAMES } from '../datamodel/valid-examples.ts';
import { canary, escapeText } from './hostile-texts.ts';
import type { Random } from './random.ts';

/** The rest of a key behind its kind's prefix, and whether no resource can stand there. */
export interface HostileKey {
  readonly rest: string;
  readonly bad: boolean;
}

const BAD_NAMES: readonly ((word: string) => string)[] = [
  () => '',
  (word) => `${word}/`,
  (word) => `/${word}`,
  (word) => `${word}/../${word}`,
  (word) => `../${word}`,
  () => '.',
  () => '..',
  (word) => `${word}%2F`,
  (word) => `%2e%2e%2f${word}`,
  (word) => `${word} x`,
  (word) => `${word}é`,
  (word) => `${word}\u202e`,
  (word) => `-${word}`,
  (word) => `${word}.`,
  (word) => `_${word}_`,
  (word) => `${word}${'a'.repeat(254)}`,
  (word) => `${word}${'/a'.repeat(2_000)}`,
  (word) => `${word}?x=1`,
  (word) => `${word}#`,
  (word) => `${word}\n`,
  (word) => `${word}'; }`,
  () => '__proto__',
  (word) => `ＡＢ${word}`,
  (word) => `\ud83d${word}`,
];

/** Strange, but possible. */
const GOOD_NAMES: readonly ((word: string) => string)[] = [
  () => 'constructor',
  () => 'hasOwnProperty',
  () => 'default',
  () => 'DEFAULT',
  () => 'node.self',
  () => 'node.',
  (word) => word.toUpperCase(),
  (word) => `${word}${'.a'.repeat(110)}`,
  (word) => `${word}${'a'.repeat(20)}_${'0123456789ABCDEF'}`,
  (word) => `${word}--..__x`,
  () => '0',
];

/** A name for a resource of Calico's. */
export function hostileName(random: Random): HostileKey {
  if (random.chance(0.5)) return { rest: random.pick(BAD_NAMES)(canary()), bad: true };
  if (random.chance(0.3)) return { rest: random.pick(GOOD_NAMES)(canary()), bad: false };
  if (random.chance(0.5)) return { rest: escapeText(random), bad: true };
  const rest = random.pick(HOSTILE);
  return { rest, bad: !VALID_NAMES.includes(rest) };
}

const BAD_BLOCKS = [
  'ipv4/block/198.51.100.0-33',
  'ipv4/block/198.51.100.0-026',
  'ipv4/block/198.51.100.0--26',
  'ipv4/block/198.51.100.0',
  'ipv4/block/198.51.100.0/26',
  'ipv4/block/2001:db8::-122',
  'ipv6/block/198.51.100.0-26',
  'ipv6/block/::ffff:192.0.2.0-122',
  'ipv6/block/fe80::%eth0-64',
  'ipv4/block/198.51.100-26',
  'ipv5/block/198.51.100.0-26',
  'ipv4/blocks/198.51.100.0-26',
  'ipv4//block/198.51.100.0-26',
  'IPV4/block/198.51.100.0-26',
  'ipv4/block/198.51.100.0-26/x',
  'ipv4/block/ 198.51.100.0-26',
  'ipv4/block/198.51.100.0-26\n',
  'ipv6/block/2001:db8:::-122',
  'ipv6/block/2001:db8::-129',
  '',
  'ipv4/block/',
];
const GOOD_BLOCKS = [
  'ipv4/block/0.0.0.0-0',
  'ipv4/block/198.51.100.7-26',
  'ipv4/block/255.255.255.255-32',
  'ipv4/block/224.0.0.0-4',
  'ipv4/block/0.0.0.0-32',
  'ipv6/block/::-0',
  'ipv6/block/2001:DB8:0:0::-122',
  'ipv6/block/fe80::-10',
  'ipv6/block/ff00::-8',
  'ipv6/block/::1.2.3.4-128',
  'ipv6/block/1:2:3:4:5:6:7:8-127',
];

/** What follows on a node's prefix in the key of a block affinity. */
export function hostileBlock(random: Random): HostileKey {
  if (random.chance(0.3)) return { rest: random.pick(GOOD_BLOCKS), bad: false };
  if (random.chance(0.5)) return { rest: random.pick(BAD_BLOCKS), bad: true };
  const text = escapeText(random);
  const rest = random.pick([
    text,
    `ipv4/block/${text}-26`,
    `ipv4/block/198.51.100.0-${text}`,
    `ipv6/block/${text}-122`,
  ]);
  return { rest, bad: true };
}

/** What follows on the prefix of a source whose keys are its own. */
export function hostilePath(random: Random): HostileKey {
  const text = random.chance(0.5) ? escapeText(random) : random.pick(BAD_NAMES)(canary());
  return { rest: random.pick([text, `default/${text}`, `${text}/x`, `a/b/${text}`]), bad: false };
}
