import { digestOfStatements, statementDigests } from '../bird/statements.ts';
import { type Digest, digestOfAll } from '../core/digest.ts';
import type { NamedText } from '../core/named-text.ts';

/** A piece of a file that holds whole top-level statements (or only comments), and the resources that produced it. */
export interface Block {
  readonly text: string;
  /** A digest for each of its top-level statements, in order; worked out once it is asked for. */
  readonly statements: readonly Digest[];
  /** Datastore keys, sorted. Empty for what follows from no single resource. */
  readonly origins: readonly string[];
}

export interface RenderedFile {
  /** The file's name, relative to the target's output folder. */
  readonly name: string;
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

export function makeBlock(text: string, origins: readonly string[]): Block {
  let statements: readonly Digest[] | null = null;
  return {
    text,
    origins,
    get statements() {
      statements ??= statementDigests(text);
      return statements;
    },
  };
}

/** A file of `blocks`; its text is theirs, joined. */
export const makeFile = (name: string, blocks: readonly Block[]): RenderedFile => ({
  name,
  blocks,
  text: blocks.map((b) => b.text).join(''),
});

/**
 * The digests of files as they lie on disk, comparable with a bundle's: `files` in the bundle's order. The statements are read
 * only when they are asked for: tokenizing megabytes costs more than the rest of a pass.
 */
export function digestsOfTexts(files: readonly NamedText[]): Digests {
  let statements: Digest | null = null;
  return {
    bytes: digestOfAll(files.flatMap((f) => [f.name, f.text])),
    get statements() {
      statements ??= digestOfAll(files.flatMap((f) => [f.name, digestOfStatements(statementDigests(f.text))]));
      return statements;
    },
  };
}

/**
 * Blocks carry their statements' digests with them, so that unchanged blocks are not tokenized again. The bundle's own are worked out
 * once they are asked for: what is only rendered and compared needs none.
 */
export function makeBundle(files: readonly [RenderedFile, ...RenderedFile[]]): Bundle {
  const ofStatements = (f: RenderedFile) => digestOfStatements(f.blocks.flatMap((b) => b.statements));
  let bytes: Digest | null = null;
  let statements: Digest | null = null;
  return {
    files,
    get bytes() {
      bytes ??= digestOfAll(files.flatMap((f) => [f.name, f.text]));
      return bytes;
    },
    get statements() {
      statements ??= digestOfAll(files.flatMap((f) => [f.name, ofStatements(f)]));
      return statements;
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

/** What the daemon reads, as one text: the first file, with each `include "NAME";` replaced in place by the file of that name. */
export function expandIncludes(files: readonly NamedText[]): string {
  const [first, ...rest] = files;
  const texts = new Map(rest.map(({ name, text }) => [name, text]));
  return (first?.text ?? '').replace(/^include "([^"]+)";$/gm, (line, name: string) => texts.get(name) ?? line);
}
