import { stringify } from 'yaml';
import { anyText, canary, escapeText } from './hostile-texts.ts';
import type { Random } from './random.ts';

/** A file of resources, and whether a Diagnostic must name it. */
export interface HostileDocument {
  readonly text: string;
  readonly told: boolean;
}

const maybe = (text: string): HostileDocument => ({ text, told: false });
const told = (text: string): HostileDocument => ({ text, told: true });

/** A text that doubles with every line. */
function bomb(lines: number): string {
  const rest = Array.from({ length: lines }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}, *l${i}]`);
  return ['l0: &l0 [a, a]', ...rest].join('\n');
}

const DEPTHS = [...Array(20).fill([5, 50, 90]).flat(), 300, 1_000, 20_000] as readonly number[];
const resource = (head: string, name: string): string =>
  `${head}apiVersion: projectcalico.org/v3\nkind: BGPPeer\nmetadata: {name: ${name}}\nspec: {peerIP: 192.0.2.99, asNumber: 64999}\n`;

/** Texts made from nothing. */
const WRITTEN: readonly ((random: Random) => HostileDocument)[] = [
  (r) => told(bomb(r.pick([6, 12, 40]))),
  (r) => maybe(`${'['.repeat(r.pick(DEPTHS))}`),
  (r) => maybe(`${'{a: '.repeat(r.pick(DEPTHS))}1`),
  (r) => maybe(`${'- '.repeat(r.pick(DEPTHS))}x`),
  (r) => maybe(Array.from({ length: r.pick([10, 10, 10, 300]) }, (_, i) => `${' '.repeat(i)}a:`).join('\n')),
  (r) => maybe(`${'['.repeat(r.pick(DEPTHS))}${']'.repeat(r.pick(DEPTHS))}`),
  (r) => maybe(`{"kind":"List","items":${'['.repeat(r.pick(DEPTHS))}`),
  () => told('a: *nowhere'),
  () => told('a: &a [*a]'),
  () => told('a: !!js/function "function () {}"'),
  () => told('!evil {a: 1}'),
  () => told('%TAG ! tag:x,2000:\n%FOO bar\n---\na: 1'),
  () => told('a: 1\na: 2'),
  () => told('{"kind":"Keys","kind":"Keys","data":{}}'),
  () => told('a: "unterminated'),
  () => told('a:\n\t- tab'),
  () => told('? [a, b]\n: 1'),
  (r) => told(`\0${anyText(r)}`),
  () => told(resource('', '{a: 1}')),
  () => told(resource('', '"a/b"')),
  () => told(resource('', '""')),
  () => told(resource('<<: {kind: Evil}\n', '[x]')),
  () => maybe(resource('<<: {kind: Evil}\n', 'merged')),
  () => maybe('kind: {toString: 1}\napiVersion: null'),
  () => maybe('kind: [[[[x]]]]'),
  () => maybe('{"kind":{"toString":null,"valueOf":null},"spec":{}}'),
  () => maybe('apiVersion: {toString: x}\nkind: BlockAffinity'),
  () => maybe('kind: __proto__\napiVersion: v1\nmetadata: {name: x}'),
  () => maybe('__proto__: {kind: BGPPeer, apiVersion: projectcalico.org/v3, metadata: {name: x}}'),
  () => maybe('kind: constructor\napiVersion: projectcalico.org/v3\nmetadata: {name: x}'),
  () => maybe('kind: List\nitems: {a: 1}'),
  () => maybe('kind: BGPPeerList\nitems: [null, 1, [], {}, {metadata: {name: x}}]\napiVersion: projectcalico.org/v3'),
  () => maybe('kind: List\nitems: &i [{kind: List, items: []}]\nx: *i'),
  () => maybe('kind: Keys\ndata: {"/calico/x": {a: 1}, "k8s:/Secret/a/b": null, "secret:/x/y": 1}'),
  () => maybe('"/calico/resources/v3/projectcalico.org/bgppeers/x/../y": "{}"\n"/__proto__": 1'),
  () => maybe('kind: BlockAffinity\nspec: {node: self, cidr: 198.51.100.0/99, state: {a: 1}, deleted: [1]}'),
  () => maybe('kind: Case\nnodes: [[]]'),
  () => maybe('apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ..}\ndata: {a: !!binary "AAAA"}'),
  () => maybe('---\n---\n---\n...\n---\n'),
  () => maybe('\ufeff---\na: 1'),
  (r) => maybe(`# ${escapeText(r)}\n`),
  (r) => maybe(escapeText(r)),
  (r) => maybe(anyText(r)),
  (r) => maybe(`metadata: &m {labels: &l {a: *m}}\nkind: ${canary()}\napiVersion: v1${r.pick(['', '\n---\n<<: *l'])}`),
  (r) =>
    maybe(
      `apiVersion: projectcalico.org/v3\nkind: Node\nmetadata: {name: n, labels: {${'a: *x, '.repeat(r.below(3))}b: 0o7}}`,
    ),
];

/** Damages to the YAML of a resource. */
const DAMAGES: readonly ((text: string, random: Random) => string)[] = [
  (text, r) => text.slice(0, r.below(text.length)),
  (text, r) => {
    const at = r.below(text.length);
    const put = [
      '\t',
      '"',
      "'",
      '&a ',
      '*a',
      '!!int ',
      '!x ',
      '- ',
      ': ',
      '\n',
      '{',
      '[',
      '|',
      '>',
      '%',
      '@',
      '`',
      '\0',
      '#',
    ];
    return text.slice(0, at) + r.pick(put) + text.slice(at + r.below(3));
  },
  (text) => `${text}---\n${text}`,
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => text.replaceAll('  ', '\t'),
  (text) => text.replace(/^kind: .*$/m, (line) => `${line}\nkind: Node`),
  (text) => text.replace(/^kind: (.*)$/m, 'KIND: $1'),
  (text) => text.replace(/^apiVersion: .*$/m, 'apiVersion: projectcalico.org/v4'),
  (text) => `&a ${text.replace(/^spec:/m, 'spec: &s\n  <<: *s')}`,
];

/** A file that holds `resources`, damaged, or something worse. */
export function hostileDocument(resources: readonly unknown[], random: Random): HostileDocument {
  if (random.chance(0.6)) return random.pick(WRITTEN)(random);
  const text = stringify(random.pick(resources));
  return maybe(random.pick(DAMAGES)(text, random));
}
