import type { FamilyBgp } from '../bgp/node-bgp.ts';
import { type Bundle, makeBundle, makeFile } from './bundle.ts';
import type { Environment } from './environment.ts';
import { familyView, fileNames, type Layout } from './view.ts';

export interface RenderOptions {
  readonly layout: Layout;
  /** Stands in the files' header; it never causes a reload, being a comment. */
  readonly version: string;
}

/** The daemon of a family: its name begins every file name of its bundle (spec calico-v3, 4). */
export const daemonOf = (bgp: { readonly family: 4 | 6 }): 'bird' | 'bird6' => (bgp.family === 4 ? 'bird' : 'bird6');

/** All the files of one family's daemon. Same model, same bytes; the files that are included come before none that include them. */
export function renderFamily(environment: Environment, bgp: FamilyBgp, { layout, version }: RenderOptions): Bundle {
  const names = fileNames(layout, daemonOf(bgp));
  const view = familyView(bgp, names, version);
  const bird = makeFile(names.bird, environment.render('bird', view));
  if (!names.parts) return makeBundle([bird]);
  const aggr = makeFile(names.parts.aggr, environment.render('aggr-file', view.aggr));
  const ipam = makeFile(names.parts.ipam, environment.render('ipam-file', view.ipam));
  return makeBundle([bird, aggr, ipam]);
}
