import { readPiece } from '../bird/stated.ts';
import { digestOfStatements, statementDigests } from '../bird/statements.ts';
import { type Digest, digestOfAll } from '../core/digest.ts';
import type { NamedText } from '../core/named-text.ts';

/** A piece of a file that holds whole top-level statements (or only comments), and the resources that produced it. There are thousands. */
export class Block {
  #text: string;
  /** Datastore keys, sorted. Empty for what follows from no single resource. */
  readonly origins: readonly string[];

  constructor(text: string, origins: readonly string[]) {
    this.#text = text;
    this.origins = origins;
  }

  get text(): string {
    return this.#text;
  }

  /** `whole` holds the text at `start`: from now on it is a part of that, and takes no memory of its own. */
  liesIn(whole: string, start: number): void {
    this.#text = whole.slice(start, start + this.#text.length);
  }
}

/** A block, or a run of the thousands of sessions (core/runs.ts): the same blocks side by side are the same run. */
export type Section = Block | BlockRun;

export interface BlockRun {
  readonly text: string;
  readonly parts: readonly Block[];
}

export interface RenderedFile {
  /** The file's name, relative to the target's output folder. */
  readonly name: string;
  readonly sections: readonly Section[];
  /** All blocks, in order. */
  readonly blocks: readonly Block[];
  readonly text: string;
}

/** What two bundles are compared by: every byte, or only what BIRD reads. */
export interface Digests {
  readonly bytes: Digest;
  readonly statements: Digest;
}

/** Files that go live together or not at all; files[0] is the one the daemon is pointed at. */
export interface Bundle extends Digests {
  readonly files: readonly [RenderedFile, ...RenderedFile[]];
}

const joined = (sections: readonly Section[]): string => sections.map(({ text }) => text).join('');

export function makeRun(parts: readonly Block[]): BlockRun {
  const text = joined(parts);
  let start = 0;
  for (const part of parts) {
    part.liesIn(text, start);
    start += part.text.length;
  }
  return { text, parts };
}

/** A file of `sections`; its text is theirs, joined. */
export const makeFile = (name: string, sections: readonly Section[]): RenderedFile => ({
  name,
  sections,
  get blocks() {
    return sections.flatMap((section) => ('parts' in section ? section.parts : [section]));
  },
  text: joined(sections),
});

/** By the array that the files came in: who hands on the same one is not made to hash megabytes again. */
const known = new WeakMap<readonly NamedText[], Digests>();

function remembered<F extends NamedText>(files: readonly F[], statementsOf: (file: F) => Digest) {
  let bytes: Digest | null = null;
  let statements: Digest | null = null;
  const digests: Digests = {
    get bytes() {
      bytes ??= digestOfAll(files.flatMap((f) => [f.name, f.text]));
      return bytes;
    },
    get statements() {
      statements ??= digestOfAll(files.flatMap((f) => [f.name, statementsOf(f)]));
      return statements;
    },
  };
  known.set(files, digests);
  return digests;
}

/**
 * The digests of files as they lie on disk, comparable with a bundle's: `files` in the bundle's order. Both are worked out when they
 * are asked for: tokenizing megabytes costs more than the rest of a pass.
 */
export const digestsOfTexts = (files: readonly NamedText[]): Digests =>
  known.get(files) ?? remembered(files, ({ text }) => digestOfStatements(statementDigests(text).join('')));

/** Sections remember their statements' digests, so that unchanged ones are not tokenized again; what is only rendered needs none. */
export function makeBundle(files: readonly [RenderedFile, ...RenderedFile[]]): Bundle {
  const digests = remembered(files, ({ sections }) =>
    digestOfStatements(sections.map((section) => readPiece(section).digests).join('')),
  );
  return {
    files,
    get bytes() {
      return digests.bytes;
    },
    get statements() {
      return digests.statements;
    },
  };
}

/** The resources behind line `line` (1-based) of a file: what a check's `file:line` is blamed on. */
export function originsAt(file: RenderedFile, line: number): readonly string[] {
  let last = 0;
  for (const block of file.blocks) {
    last += block.text.split('\n').length - 1;
    if (line <= last) return block.origins;
  }
  return [];
}
