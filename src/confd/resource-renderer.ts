import type { Diagnostic } from '../core/diagnostic.ts';
import { messageOf, StageError, UsageError } from '../core/errors.ts';
import type { Entry } from '../datastore/datastore.ts';
import { idOf } from '../host/file-owner.ts';
import { type Destination, destinationsOf } from './for-each.ts';
import { Outside } from './functions/outside-functions.ts';
import { type OutputFile, readLiveFile } from './output-file.ts';
import type { PassContext } from './pass-context.ts';
import type { TemplateResource } from './resource.ts';
import { mustHaveContent, mustMatch } from './resource-guard.ts';
import { type ResourceValues, valuesReader } from './resource-values.ts';
import { renderInRounds } from './rounds.ts';
import type { LoadedTemplate } from './template-cache.ts';
import { answerOf, momentNow } from './world.ts';

/** What one resource comes to. */
export interface ResourceOutputs {
  readonly files: readonly OutputFile[];
  readonly diagnostics: readonly Diagnostic[];
  readonly entries: ReadonlyMap<string, Entry>;
}

interface Remembered extends ResourceOutputs {
  readonly from: ResourceValues;
  readonly loaded: LoadedTemplate;
}

/** BIRD's files hold passwords: without a mode of their own they are for its group only. */
const BIRD_MODE = 0o640;

/** Stands for bytes that are no UTF-8: written out it would be other bytes than those that were meant. */
const NO_TEXT = '\uFFFD';

function noText(values: ReadonlyMap<string, string>): StageError {
  const keys = [...values].flatMap(([key, value]) => (value.includes(NO_TEXT) ? [key] : []));
  const where = keys.length > 0 ? keys.join(', ') : 'the template, or what a function decodes';
  const message = `what is rendered holds bytes that are no UTF-8 text: ${where}`;
  return new StageError('render', 'no-text', message, { retryable: false });
}

/** The numbers of an owner and a group that are named; null = not stated. Rejects with a StageError `commit`. */
async function ownerOf({ uid, gid, owner, group }: TemplateResource): Promise<Pick<OutputFile, 'uid' | 'gid'>> {
  try {
    return {
      uid: owner === null ? uid : await idOf('owner', '/etc/passwd', owner),
      gid: group === null ? gid : await idOf('group', '/etc/group', group),
    };
  } catch (error) {
    throw new StageError('commit', 'no-such-owner', messageOf(error), { retryable: !(error instanceof UsageError) });
  }
}

/** Renders one resource again and again; what cannot have changed is not rendered twice. */
export class ResourceRenderer {
  readonly resource: TemplateResource;
  readonly #context: PassContext;
  readonly #read: ReturnType<typeof valuesReader>;
  #last: Remembered | null = null;
  /** The entries of the last version that went live. */
  #accepted: ReadonlyMap<string, Entry> | null = null;

  constructor(resource: TemplateResource, context: PassContext) {
    this.resource = resource;
    this.#context = context;
    this.#read = valuesReader(resource, context.rules, context.prefixes);
  }

  /** Rejects with a StageError `render` or `commit`. */
  async outputs(): Promise<ResourceOutputs> {
    const { resource } = this;
    const from = this.#read(this.#context.snapshot());
    const loaded = await this.#context.templates.get(resource);
    if (this.#last?.from === from && this.#last.loaded === loaded) return this.#last;
    mustMatch(resource, from.values);
    const { destinations, diagnostics } = destinationsOf(resource, from.values);
    const rendered = await this.#render(loaded, from, destinations);
    const mode = resource.mode ?? (resource.reload.mode === 'bird' ? BIRD_MODE : null);
    const owner = await ownerOf(resource);
    const files = rendered.texts.map(({ dest, text }) => ({ dest, text, mode, ...owner }));
    if (!resource.guard.allowEmpty) {
      const before = files.map(async ({ dest, text }) => {
        return { dest, text, before: (await readLiveFile(dest))?.text ?? null };
      });
      mustHaveContent(resource, from.values, await Promise.all(before));
    }
    const made = { files, diagnostics, entries: from.entries, from, loaded };
    // What depends on more than keys and template is made anew each time.
    this.#last = rendered.isClosed ? made : null;
    return made;
  }

  /** These entries are live now. */
  accept(entries: ReadonlyMap<string, Entry>): void {
    this.#accepted = entries;
  }

  /** The keys that differ from those of the last version that went live; null = none is known in this process. */
  changedSince(entries: ReadonlyMap<string, Entry>): readonly string[] | null {
    const before = this.#accepted;
    if (!before) return null;
    const all = new Set([...before.keys(), ...entries.keys()]);
    return [...all].filter((key) => before.get(key)?.value !== entries.get(key)?.value).sort();
  }

  async #render(loaded: LoadedTemplate, { values }: ResourceValues, destinations: readonly Destination[]) {
    const { clock, environment, resolver } = this.#context;
    const outside = new Outside(() => momentNow(clock), environment);
    const texts: { readonly dest: string; readonly text: string }[] = [];
    for (const { dest, data } of destinations) {
      const rendered = { values, data, own: loaded.own };
      const find = (question: Parameters<typeof answerOf>[0]) => answerOf(question, clock, resolver);
      const text = await renderInRounds(loaded.template, rendered, outside, find);
      if (text.includes(NO_TEXT)) throw noText(values);
      texts.push({ dest, text });
    }
    return { texts, isClosed: !outside.wasAsked };
  }
}
