import { type Bundle, Block, makeBundle, makeFile } from '../../src/render/bundle.ts';

/** A bundle of one-block files, in the order of `texts`. */
export function bundleOf(texts: Readonly<Record<string, string>>): Bundle {
  const [first, ...rest] = Object.entries(texts).map(([name, text]) => makeFile(name, [new Block(text, [])]));
  if (!first) throw new Error('a bundle has at least one file');
  return makeBundle([first, ...rest]);
}
