import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../src/bird/check.ts';
import { inventoryOf } from '../../src/bird/inventory.ts';
import { meaningOf } from '../../src/bird/meaning.ts';
import { ResourcesDecoder } from '../../src/datamodel/resources.ts';
import { readTemplates } from '../../src/host/read-templates.ts';
import { digestsOfTexts } from '../../src/render/bundle.ts';
import { Environment } from '../../src/render/environment.ts';
import { renderFamily } from '../../src/render/render-family.ts';
import { expandIncludes, wholeOf } from '../../src/render/whole.ts';
import { anyCluster } from '../bgp/any-cluster.ts';
import { buildBoth } from '../bgp/build.ts';
import { TestStore } from '../datamodel/snapshot.ts';
import { temporaryFolder } from '../support/folder.ts';
import { selfFor } from '../support/self.ts';

const templates = await readTemplates(fileURLToPath(new URL('../../templates', import.meta.url)), 'bird1');

const NOTHING = { added: [], removed: [], restarted: [], refiltered: [], reimported: [], needsRestart: false };

describe('any valid cluster', () => {
  it('gives files that the real BIRDs take, in both layouts', async () => {
    const dir = await temporaryFolder();
    const environment = new Environment(templates);
    const { signal } = new AbortController();
    await fc.assert(
      fc.asyncProperty(anyCluster, fc.constantFrom('single' as const, 'calico' as const), async (entries, layout) => {
        const decoded = new ResourcesDecoder('self', new Map()).decode(new TestStore('self', entries).snapshot());
        const { value } = buildBoth(decoded, selfFor('self'));
        for (const family of [4, 6] as const) {
          const bundle = renderFamily(environment, value![family], { layout, version: 'test' });
          const onDisk = bundle.files.map(({ name, text }) => ({ name, text }));
          expect(digestsOfTexts(onDisk)).toEqual({ bytes: bundle.bytes, statements: bundle.statements });
          // In pieces it is read as the text on the disk is.
          expect(meaningOf(wholeOf(bundle.files), expandIncludes(onDisk))).toEqual(NOTHING);
          expect(inventoryOf(wholeOf(bundle.files))).toEqual(inventoryOf(expandIncludes(onDisk)));
          for (const { name, text } of bundle.files) await writeFile(join(dir, name), text);
          const configFile = join(dir, bundle.files[0].name);
          await checkConfig({ binary: family === 4 ? 'bird' : 'bird6', configFile, signal });
        }
      }),
      { numRuns: 60 },
    );
  });
});
