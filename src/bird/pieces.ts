import { areWholePieces, type Piece } from './stated.ts';

/** A configuration whose includes stand in their place: as one text, or in pieces. The same array always has the same pieces. */
export type BirdText = string | readonly Piece[];

/** What opens a top-level statement, or the comment above one, in the files that we and Calico write. */
const PART = /^(?=(?:protocol|template|function|filter|router|listen|log|include|#))/m;

/** What runs, what is wanted, and what of it may go through: of each of the two daemons. */
const MAX_TEXTS = 6;

interface Known {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly parts: ReadonlyMap<string, Piece>;
}

let known: readonly Known[] = [];

function cut(text: string): Known {
  const parts = new Map<string, Piece>();
  const pieces = text.split(PART).map((part) => {
    const before = parts.get(part) ?? known.map((each) => each.parts.get(part)).find((piece) => piece !== undefined);
    const piece = before ?? { text: part };
    parts.set(part, piece);
    return piece;
  });
  return areWholePieces(pieces) ? { text, pieces, parts } : { text, pieces: [{ text }], parts: new Map() };
}

const joined = new WeakMap<readonly Piece[], readonly Piece[]>();

/** The pieces if no statement goes over from one to the next, else all of it as one. */
function wholeOnes(pieces: readonly Piece[]): readonly Piece[] {
  const before = joined.get(pieces);
  if (before) return before;
  const made = areWholePieces(pieces) ? pieces : [{ text: pieces.map(({ text }) => text).join('') }];
  joined.set(pieces, made);
  return made;
}

/**
 * The configuration in pieces that each hold whole top-level statements: reading them one by one reads the configuration. The same array
 * and, for a while, the same text give the same result; of two texts that differ in one session among thousands all other pieces are the
 * same objects.
 */
export function piecesOf(text: BirdText): readonly Piece[] {
  if (typeof text !== 'string') return wholeOnes(text);
  const found = known.find((each) => each.text === text) ?? cut(text);
  known = [found, ...known.filter((each) => each !== found)].slice(0, MAX_TEXTS);
  return found.pieces;
}
