import { digestOf } from '../core/digest.ts';
import { canonical, parseStatements, type Statement } from './statements.ts';

/** A piece of a configuration text. The same object says the same for ever: what was read of it is remembered by it. */
export interface Piece {
  readonly text: string;
  /** Set where it is pieces side by side: their texts, joined, are its own, and what is known of them need not be read again. */
  readonly parts?: readonly Piece[];
}

/** One statement of a protocol or a template, as far as BIRD compares it. Equal statements are, as a rule, the same object. */
export interface Line {
  /** In canonical text. */
  readonly text: string;
  /** What another statement of the same option replaces; null where it decides which routes pass. */
  readonly option: string | null;
  /** Among those: it decides about routes that come in. */
  readonly isImport: boolean;
}

/** A protocol or a template as it stands there, before templates are taken in and functions are looked up. */
export interface Stated {
  /** `bgp`, `kernel`, `static`, … */
  readonly type: string;
  /** Null where BIRD gives it a number. */
  readonly name: string | null;
  /** The template that it names. */
  readonly template: string | null;
  readonly lines: readonly Line[];
}

/** What one piece says, out of the context of the others. */
export interface Reading {
  /** The digests of its top-level statements, in order, one behind the other: they are of one length. */
  readonly digests: string;
  /** No statement goes on in the next piece, as far as that can be told. */
  readonly isWhole: boolean;
  readonly protocols: readonly Stated[];
  readonly templates: readonly Stated[];
  /** All but the named BGP sessions, of which there are thousands: these are read to the end here. */
  readonly statements: readonly Statement[];
}

/** Not compared by BIRD, or applied in place (spec bird.md, 3). */
const QUIET = /^(debug|description|import limit|receive limit|export limit)\b/;
const FILTERS = /^(import|export|preference)\b/;
const IMPORTS = /^(import|preference)\b/;
const NAMED_SESSION = /^protocol bgp (?!from\b)\S/;

/** A template's statement is replaced by the protocol's own of the same option. */
const optionOf = (words: string): string =>
  /^(local as|neighbor|source address|ttl security|multihop|graceful restart time|graceful restart|rr cluster id|rr client|next hop \w+|allow local as|[a-z]+( [a-z]+)? time|[a-z]+)\b/.exec(
    words,
  )?.[0] ?? words;

/** Whether the option only states BIRD's default. */
const isDefault = (text: string): boolean => text === 'passive off;' || text === 'ttl security off;';

/** Sessions share most of their lines: kept once, thousands of them cost little memory. */
const lines = new Map<string, Line>();
const MAX_LINES = 50_000;

function lineOf(statement: Statement): Line {
  const text = canonical(statement);
  const known = lines.get(text);
  if (known) return known;
  const { words } = statement;
  const isFilter = FILTERS.test(words);
  // A route is a member of a list, not an option that replaces another.
  const option = isFilter ? null : words.startsWith('route ') ? text : optionOf(words);
  const line = { text, option, isImport: IMPORTS.test(words) };
  if (lines.size >= MAX_LINES) lines.clear();
  lines.set(text, line);
  return line;
}

function statedOf({ words, body }: Statement): Stated {
  const [, type = '', second, third, fourth] = words.split(' ');
  const template = second === 'from' ? third : third === 'from' ? fourth : undefined;
  const name = second === undefined || second === 'from' ? null : second.replace(/^'(.*)'$/, '$1');
  const told = (body ?? []).filter((each) => !QUIET.test(each.words)).map(lineOf);
  return { type, name, template: template ?? null, lines: [...told.filter(({ text }) => !isDefault(text))] };
}

/** A statement cut in two shows as a brace without its partner, at any depth. */
const isCut = ({ words, body }: Statement): boolean => words === '{' || words === '}' || (body?.some(isCut) ?? false);
/** Nothing is begun and not ended; a comment of several lines may hide that. */
function areWhole(text: string, statements: readonly Statement[]): boolean {
  const last = statements.at(-1);
  const isEnded = !last || ';}'.includes(text.charAt(last.source.end - 1));
  return isEnded && !text.includes('/*') && !statements.some(isCut);
}

/** Most pieces are one session each: what thousands of them do not have is one and the same nothing. */
const NOTHING: readonly never[] = [];
const orNothing = <T>(found: readonly T[]): readonly T[] => (found.length > 0 ? found : NOTHING);

function read(text: string): Reading {
  const statements = parseStatements(text);
  const stated = (kind: string) => orNothing(statements.filter(({ words }) => words.startsWith(kind)).map(statedOf));
  return {
    digests: statements.map((statement) => digestOf(canonical(statement))).join(''),
    isWhole: areWhole(text, statements),
    protocols: stated('protocol '),
    templates: stated('template '),
    statements: orNothing(statements.filter(({ words }) => !NAMED_SESSION.test(words))),
  };
}

const readings = new WeakMap<Piece, Reading>();

/** Behind a line that goes on in the next piece there may be a comment, or half a word. */
const endsLine = ({ text }: Piece): boolean => text === '' || text.endsWith('\n');

/** No statement goes over from one of the pieces to the next. */
export const areWholePieces = (pieces: readonly Piece[]): boolean =>
  pieces.every((piece, i) => readPiece(piece).isWhole && (i === pieces.length - 1 || endsLine(piece)));

/** What whole pieces say together. */
function joined(parts: readonly Piece[]): Reading {
  const all = parts.map(readPiece);
  return {
    digests: all.map(({ digests }) => digests).join(''),
    isWhole: true,
    protocols: all.flatMap(({ protocols }) => protocols),
    templates: all.flatMap(({ templates }) => templates),
    statements: all.flatMap(({ statements }) => statements),
  };
}

/** Reads a piece once. Never throws. */
export function readPiece(piece: Piece): Reading {
  const known = readings.get(piece);
  if (known) return known;
  const reading = piece.parts && areWholePieces(piece.parts) ? joined(piece.parts) : read(piece.text);
  readings.set(piece, reading);
  return reading;
}
