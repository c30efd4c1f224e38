import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../src/core/errors.ts';
import { Secret } from '../../src/core/secret.ts';
import { Environment, type View } from '../../src/render/environment.ts';
import { Forms } from '../../src/render/forms.ts';
import { BirdString } from '../../src/render/guard.ts';
import { printedFields } from '../../src/render/printed-fields.ts';

/** What comes of views that `partial` renders together: their texts, or the message of what is thrown. */
function rendered(partials: Readonly<Record<string, string>>, views: readonly View[]): readonly string[] | string {
  const environment = new Environment(new Map(Object.entries({ ...partials, t: '{{blocks "partial" views}}' })));
  try {
    const sections = environment.render('t', { views, origins: [] });
    return sections.flatMap((section) => ('parts' in section ? section.parts.map(({ text }) => text) : [section.text]));
  } catch (error) {
    return messageOf(error);
  }
}

/** The same of views each of which is rendered as the first and only one. */
function renderedAlone(partials: Readonly<Record<string, string>>, views: readonly View[]) {
  const texts: string[] = [];
  for (const view of views) {
    const one = rendered(partials, [view]);
    if (typeof one === 'string') return one;
    texts.push(...one);
  }
  return texts;
}

/** Forms over a template that is written as a function, and how often it is called. */
function counted(isPrinted: (field: string) => boolean, template: (view: View) => string) {
  const count = { rendered: 0 };
  const forms = new Forms((view) => {
    count.rendered++;
    return template(view);
  }, isPrinted);
  return { forms, count };
}

const mesh = (last: number, more: View = {}): View => ({
  name: `Mesh_${last}`,
  address: `192.0.2.${last}`,
  asNumber: 64512 + last,
  passive: false,
  password: null,
  filters: [],
  origins: [`/nodes/${last}`],
  ...more,
});

const PEER = `{{#each origins}}
# {{this}}
{{/each}}
protocol bgp {{name}} {
  neighbor {{address}} as {{asNumber}};
{{#if passive}}
  passive;
{{/if}}
{{#if password}}
  password {{quote password}};
{{/if}}
}
`;

const sessions = (count: number, more: (index: number) => View = () => ({})) =>
  Array.from({ length: count }, (_, i) => mesh(i + 1, more(i)));

describe('sessions that differ only in what is printed', () => {
  const isPrinted = printedFields(new Map([['peer', PEER]]), 'peer');
  const template = ({ name, address, asNumber, origins }: View) =>
    `${(origins as readonly string[]).join()}: ${name} ${address} ${asNumber}`;

  it('are rendered once, and once more for the form', () => {
    const { forms, count } = counted(isPrinted, template);
    const views = sessions(500);
    expect(views.map((view) => forms.textOf(view))).toEqual(views.map(template));
    expect(count.rendered).toBe(2);
  });

  it('are told apart by what else they have, however many kinds there are', () => {
    const secrets = Array.from({ length: 40 }, (_, i) => new Secret(`${i}`));
    const { forms, count } = counted(isPrinted, ({ password, passive, ...rest }) => {
      return `${template(rest as View)} ${passive} ${(password as Secret).reveal()}`;
    });
    const views = sessions(800, (i) => ({ password: secrets[i % 40], passive: i % 3 === 0 }));
    const [last] = views.slice(-1);
    expect(forms.textOf(last!)).toMatch(/ false 39$/);
    for (const view of views)
      expect(forms.textOf(view)).toContain(` ${view.passive} ${(view.password as Secret).reveal()}`);
    expect(count.rendered).toBe(2 * 80);
  });

  it('have no form where it would not give the text of the first', () => {
    const { forms, count } = counted(isPrinted, ({ name, address }) => `${name} ${String(address).length}`);
    const views = [mesh(104), mesh(2), mesh(33), mesh(1)];
    expect(views.map((view) => forms.textOf(view))).toEqual(['Mesh_104 11', 'Mesh_2 9', 'Mesh_33 10', 'Mesh_1 9']);
    expect(count.rendered).toBe(5);
  });

  it('have none either where the data look like what stands for them', () => {
    const password = new Secret('form:/:0.');
    const views = [mesh(1, { name: 'form:/:0.', password }), ...sessions(3, () => ({ password }))];
    const texts = rendered({ partial: PEER }, views);
    expect(texts).toEqual(renderedAlone({ partial: PEER }, views));
    for (const text of texts) expect(text).toContain('password "form:/:0.";');
    const names = [mesh(1, { name: 'form:/:1.' }), mesh(2, { name: 'form:/:0.' }), mesh(3, { address: 'form:/:0.' })];
    expect(rendered({ partial: PEER }, names)).toEqual(renderedAlone({ partial: PEER }, names));
  });

  it.each<readonly [string, View]>([
    ['no word', { name: 'x; passive' }],
    ['no word among words', { origins: ['/nodes/4\nrouter id 1'] }],
    ['no word for the template to print', { address: new BirdString('192.0.2.1') }],
    ['a list', { asNumber: [1] }],
  ])('are refused as ever when one has %s', (_, wrong) => {
    const views = [...sessions(3), mesh(4, wrong)];
    const message = rendered({ partial: PEER }, views);
    expect(message).toMatch(/^bug: |Symbol/);
    expect(message).toBe(renderedAlone({ partial: PEER }, views));
  });

  it.each<readonly [string, View]>([
    ['nothing', { name: null }],
    ['an empty word', { name: '' }],
    ['0', { asNumber: 0 }],
    ['a password that is printed', { name: new Secret('secret') }],
    ['another number of keys', { origins: ['/a', '/b'] }],
    ['no keys', { origins: [] }],
    ['a field less', { more: undefined }],
    ['a field more', { more: 'x' }],
  ])('may be one with %s', (_, other) => {
    const partials = { partial: `${PEER}{{#if name}}named{{/if}}{{#if asNumber}}numbered{{/if}}` };
    const views = [...sessions(2), mesh(3, other), ...sessions(2, () => other), ...sessions(2)];
    expect(rendered(partials, views)).toEqual(renderedAlone(partials, views));
  });
});

describe('any template', () => {
  const field = fc.constantFrom('a', 'b', 'list', 'of');
  const { expression, body } = fc.letrec<{ expression: string; body: string }>((tie) => ({
    body: fc.array(tie('expression'), { maxLength: 3 }).map((all) => all.join('\n')),
    expression: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom('text;', '{{a}}', '{{a}}{{b}}', '1{{b}}', '{{! a}}', '{{!-- {{#if (is a "x")}} --}}', '{{this}}'),
      fc.constantFrom('{{> other}}', '{{> other this}}', '{{> other of}}', '{{> other a=b}}', '{{lookup this "a"}}'),
      fc.constantFrom('{{#if (is a "x")}}A{{/if}}', '{{#if (is ../a b)}}AB{{/if}}', '{{#each this}}{{@key}}{{/each}}'),
      fc.constantFrom('{{~#each list~}} {{this}}{{~/each}}', '{{#each list}}{{@index}}{{this}}{{/each}}', '{{of.a}}'),
      fc.constantFrom(
        '{{#each list}}{{#if (is this ../a)}}own{{/if}}{{/each}}',
        '{{#if (is list.[0] "x")}}first{{/if}}',
      ),
      fc.tuple(field, tie('body')).map(([name, body]) => `{{#if ${name}}}${body}{{else}}none{{/if}}`),
      fc.tuple(field, tie('body')).map(([name, body]) => `{{#each ${name}}}${body}{{/each}}`),
      fc.tuple(field, tie('body')).map(([name, body]) => `{{#with ${name}}}${body}{{/with}}`),
      fc.tuple(tie('body'), tie('body')).map(([one, two]) => `${one}${two}`),
    ) as fc.Arbitrary<string>,
  }));
  // Few words, so that many views are alike.
  const word = fc.constantFrom('x', 'y', 'z');
  const value = fc.oneof(
    { weight: 8, arbitrary: word },
    { weight: 1, arbitrary: fc.constantFrom<unknown>('', 'form:/:0.', 'no word', null, 0, 1, true) },
  );
  const of = { a: 'x', b: 1, list: ['x'], of: null };
  const view = fc.record({
    a: value,
    b: value,
    list: fc.oneof(
      { weight: 4, arbitrary: fc.tuple(word) },
      { weight: 1, arbitrary: fc.array(fc.constantFrom('x', 'y', 'no word'), { maxLength: 2 }) },
    ),
    of: fc.constantFrom(of, of, of, null),
  });

  it('gives the same texts, and the same errors, for many views as for each of them', () => {
    fc.assert(
      fc.property(body, expression, fc.array(view, { minLength: 4, maxLength: 12 }), (partial, other, views) => {
        const partials = { partial, other: other.replaceAll('> other', 'a') };
        expect(rendered(partials, views)).toEqual(renderedAlone(partials, views));
      }),
      { numRuns: 500 },
    );
  });
});
