import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Templates } from '../../src/golden/templates.ts';
import { testCase } from '../../src/golden/test-case.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const CASE = join(root, 'fixtures/converge/reflected-blocks');

const run = (dir: string) =>
  testCase(dir, {
    templates: new Templates(join(root, 'templates')),
    check: true,
    converge: true,
    update: false,
    details: 'differences',
    name: 'case',
  });

describe('a case that is brought up', () => {
  it('passes when the real BIRDs come to what the golden says', async () => {
    expect(await run(CASE)).toMatchObject({ status: 'passed', faults: [] });
  });

  it('fails with the route that is not learned any more', async () => {
    const dir = join(await temporaryFolder(), 'case');
    await cp(CASE, dir, { recursive: true });
    const golden = join(dir, 'out/converged.yaml');
    const text = await readFile(golden, 'utf8');
    await writeFile(golden, text.replaceAll('198.51.100.64/26', '198.51.100.128/26'));
    const { faults, status } = await run(dir);
    expect(status).toBe('failed');
    expect(faults).toMatchObject([{ kind: 'converge', path: 'out/converged.yaml' }]);
    expect(faults[0]?.message).toContain('-      - prefix: 198.51.100.128/26');
    expect(await readFile(join(dir, 'out.actual/out/converged.yaml'), 'utf8')).toBe(text);
  });
});
