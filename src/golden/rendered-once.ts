import type { FamilyBgp } from '../bgp/node-bgp.ts';
import { sameModel } from '../core/same-model.ts';
import type { Bundle } from '../render/bundle.ts';
import type { renderFamily } from '../render/render-family.ts';

type Render = typeof renderFamily;

/**
 * Two ways to the files of a node, for the two orders in which its data arrive. What is made of the second is compared as a model first,
 * in every value and every order: only a model that differs is rendered too, for rendering knows nothing but the model.
 */
export class RenderedOnce {
  readonly #render: Render;
  readonly #last = new Map<FamilyBgp['family'], { readonly bgp: FamilyBgp; readonly bundle: Bundle }>();

  constructor(render: Render) {
    this.#render = render;
  }

  readonly first: Render = (environment, bgp, options) => {
    const bundle = this.#render(environment, bgp, options);
    this.#last.set(bgp.family, { bgp, bundle });
    return bundle;
  };

  /** To be asked after `first` was, for the same node with the same options. */
  readonly second: Render = (environment, bgp, options) => {
    const last = this.#last.get(bgp.family);
    return last && sameModel(last.bgp, bgp) ? last.bundle : this.#render(environment, bgp, options);
  };
}
