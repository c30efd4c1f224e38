/** A file as it lies on disk, or is to lie there. */
export interface NamedText {
  /** Relative to the target's output folder, as an `include` of its siblings gives it. */
  readonly name: string;
  readonly text: string;
}
