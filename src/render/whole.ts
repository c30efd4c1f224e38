import type { BirdText } from '../bird/pieces.ts';
import type { Piece } from '../bird/stated.ts';
import type { NamedText } from '../core/named-text.ts';
import type { RenderedFile, Section } from './bundle.ts';

const INCLUDE = /^include "([^"]+)";$/m;

/** What the daemon reads, as one text: the first file, with each `include "NAME";` replaced in place by the file of that name. */
export function expandIncludes(files: readonly NamedText[]): string {
  const [first, ...rest] = files;
  const texts = new Map(rest.map(({ name, text }) => [name, text]));
  return (first?.text ?? '').replace(new RegExp(INCLUDE, 'gm'), (line, name: string) => texts.get(name) ?? line);
}

/** What lies around the includes of a section, and the names of these, in turn. */
interface Cut {
  readonly pieces: readonly Piece[];
  readonly names: readonly string[];
}

/** By the section: were its pieces new in every pass, they would be read again in every pass. */
const cuts = new WeakMap<Section, Cut>();

function cutAtIncludes(section: Section): Cut {
  const known = cuts.get(section);
  if (known) return known;
  const parts = section.text.split(INCLUDE);
  const texts = parts.filter((_, i) => i % 2 === 0);
  const cut = {
    pieces: texts.length === 1 ? [section] : texts.map((text) => ({ text })),
    names: parts.filter((_, i) => i % 2 === 1),
  };
  cuts.set(section, cut);
  return cut;
}

function inPieces([first, ...rest]: readonly [RenderedFile, ...RenderedFile[]]): readonly Piece[] {
  const files = new Map(rest.map(({ name, sections }) => [name, sections]));
  const all: Piece[] = [];
  for (const section of first.sections) {
    const { pieces, names } = cutAtIncludes(section);
    for (const [i, piece] of pieces.entries()) {
      all.push(piece);
      const name = names[i];
      if (name !== undefined) all.push(...(files.get(name) ?? [{ text: `include "${name}";` }]));
    }
  }
  return all;
}

const areRendered = (files: readonly NamedText[]): files is readonly [RenderedFile, ...RenderedFile[]] =>
  files.length > 0 && files.every((file) => 'sections' in file);

const wholes = new WeakMap<readonly NamedText[], BirdText>();

/** The same configuration as `expandIncludes`, but in the files' sections where they have them. Of the same array the same object. */
export function wholeOf(files: readonly NamedText[]): BirdText {
  const known = wholes.get(files);
  if (known !== undefined) return known;
  const whole = areRendered(files) ? inPieces(files) : expandIncludes(files);
  wholes.set(files, whole);
  return whole;
}
