import { type BgpOptions, bgpTargets, selfOf } from '../bgp-targets.ts';
import { flavourOf } from '../bird/ask-version.ts';
import { FLAVOURS, type FlavourName, isFlavourName } from '../bird/flavour.ts';
import { messageOf, UsageError } from '../core/errors.ts';
import type { DataLayout } from '../core/keys.ts';
import { version } from '../core/version.ts';
import type { LastGood } from '../datamodel/decode-entries.ts';
import { type LayoutTemplates, readLayoutTemplates } from '../host/layout-templates.ts';
import { builtInTemplates } from '../host/read-templates.ts';
import type { Settings } from '../settings.ts';
import type { Target } from '../targets.ts';

/**
 * The dialect to write: the one that was asked for, else the installed binary's. Where no BIRD is to be run, it follows the layout:
 * Calico's files are for Calico's BIRD. Throws UsageError when it cannot be told.
 */
export async function chooseFlavour(settings: Settings, runsBird: boolean): Promise<FlavourName> {
  if (settings.flavour !== 'auto') return settings.flavour;
  if (!runsBird) return settings.layout === 'calico' ? 'calico' : '1.6';
  const { binary } = settings.daemons.bird;
  const ways = 'give --bird calico or --bird 1.6, or --bird-bin PATH';
  const asked = await flavourOf(binary).catch((error: unknown) => {
    throw new UsageError(`--bird auto: cannot ask ${binary} which BIRD it is (${messageOf(error)}): ${ways}`);
  });
  if (isFlavourName(asked)) return asked;
  throw new UsageError(`--bird auto: ${binary} is a BIRD that is not known here (${asked.slice(8)}): ${ways}`);
}

/** By the settings they were read for: settings that stay in effect because newer ones are wrong keep their templates too. */
const templatesRead = new WeakMap<Settings, LayoutTemplates>();

/** The templates of a dialect as the settings describe them, read once for each reading of the settings. */
export async function templatesFor(settings: Settings, flavour: FlavourName): Promise<LayoutTemplates> {
  const known = templatesRead.get(settings);
  if (known) return known;
  const { templatesOverlay } = settings;
  const templates = await readLayoutTemplates(templateTree(settings), FLAVOURS[flavour].templates, templatesOverlay);
  templatesRead.set(settings, templates);
  return templates;
}

/** The tree of templates that the settings name, or the built-in one: what an overlay lies over. */
export const templateTree = (settings: Settings): string => settings.templates ?? builtInTemplates();

/**
 * The two targets of BGP mode as the settings describe them. `data`: the layout that the ledgers remember, where the settings name
 * none; without either the first snapshot decides.
 */
export async function prepareTargets(
  settings: Settings,
  given: { readonly lastGood: LastGood; readonly runsBird: boolean; readonly data?: DataLayout | null },
): Promise<readonly [Target, Target]> {
  const { lastGood, runsBird } = given;
  const flavour = await chooseFlavour(settings, runsBird);
  const { layout, ownAddresses, allowCustomFilters } = settings;
  const { v1: v1Templates, v3: templates } = await templatesFor(settings, flavour);
  const data = settings.data ?? given.data ?? null;
  const self = selfOf(settings);
  const v1 = { templates: v1Templates, data, ownAddresses, allowCustomFilters };
  const options: BgpOptions = { self, flavour, layout, templates, version, lastGood, v1 };
  return bgpTargets(options, { output: settings.output, ...settings.daemons });
}
