import { FLAVOURS, type FlavourName } from '../bird/flavour.ts';
import { type LayoutTemplates, readLayoutTemplates } from '../host/layout-templates.ts';

/** The templates of one run of the harness: each folder is read once, and compiled once for all cases. */
export class Templates {
  readonly #tree: string;
  readonly #overlay: string | null;
  readonly #read = new Map<string, Promise<LayoutTemplates>>();

  /** `tree` is laid out like templates/; of an overlay the templates of the same names count. */
  constructor(tree: string, overlay: string | null = null) {
    this.#tree = tree;
    this.#overlay = overlay;
  }

  /** Rejects with a UsageError as `readTemplates` does. */
  of(bird: FlavourName): Promise<LayoutTemplates> {
    const folder = FLAVOURS[bird].templates;
    const read = this.#read.get(folder) ?? readLayoutTemplates(this.#tree, folder, this.#overlay);
    this.#read.set(folder, read);
    return read;
  }
}
