import Handlebars from 'handlebars';

/** One branch of a block: `true` where its body is rendered, `false` where it is passed over (or its `else` is rendered). */
export interface Branch {
  readonly id: string;
  /** `bird1/peer.hbs:10 {{#if port}}` */
  readonly block: string;
  readonly taken: boolean;
}

const mark = (id: string): string => `@@${id}@@`;

/** The ids of the branches that left their mark in rendered text. */
export const marksIn = (text: string): readonly string[] => [...text.matchAll(/@@(.+?)@@/g)].map(([, id]) => id!);

/** The template's text with a mark in both branches of every block, which it prints when it is entered; an `else` is added where there is none. */
export function instrument(name: string, text: string): { text: string; branches: readonly Branch[] } {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const offset = ({ line, column }: hbs.AST.Position) => starts[line - 1]! + column;
  const branches: Branch[] = [];
  const inserts: { readonly at: number; readonly text: string }[] = [];

  const visit = (program: hbs.AST.Program, chained: boolean) => {
    for (const statement of program.body) {
      if (statement.type !== 'BlockStatement') continue;
      const block = statement as hbs.AST.BlockStatement;
      const start = offset(block.loc.start);
      const body = text.indexOf('}}', start) + 2;
      const label = `${name}:${block.loc.start.line} ${text.slice(start, body)}`;
      const add = (at: number, taken: boolean, before = '') => {
        const id = `${name}#${branches.length}`;
        branches.push({ id, block: label, taken });
        inserts.push({ at, text: before + mark(id) });
      };
      add(body, true);
      visit(block.program, false);
      const inverse = block.inverse as (hbs.AST.Program & { chained?: boolean }) | undefined;
      if (!inverse)
        add(chained ? offset(block.loc.end) : text.lastIndexOf('{{', offset(block.loc.end) - 1), false, '{{else}}');
      else if (!inverse.body[0]) throw new Error(`${label}: an empty {{else}} says nothing`);
      // `else if` is a block of its own, whose two branches tell both.
      else if (!inverse.chained) add(offset(inverse.body[0].loc.start), false);
      if (inverse) visit(inverse, inverse.chained === true);
    }
  };
  visit(Handlebars.parse(text), false);

  const instrumented = inserts
    .sort((a, b) => b.at - a.at)
    .reduce((result, { at, text: added }) => result.slice(0, at) + added + result.slice(at), text);
  return { text: instrumented, branches };
}
