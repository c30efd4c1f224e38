import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { builtInTemplates, readTemplates } from '../../src/host/read-templates.ts';
import { overlayDiagnostics, readOverlay } from '../../src/host/templates-overlay.ts';
import { temporaryFolder } from '../support/folder.ts';

const tree = builtInTemplates();
const EMPTY = 'e3b0c44298fc'; // of no text at all, as sha256sum prints it

describe('templates with an overlay', () => {
  let overlay: string;
  beforeEach(async () => {
    overlay = await temporaryFolder();
  });
  const put = async (path: string, text: string) => {
    await mkdir(dirname(join(overlay, path)), { recursive: true });
    await writeFile(join(overlay, path), text);
  };
  const refusal = async () => {
    const error: unknown = await readTemplates(tree, 'bird1', overlay).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    return error instanceof Error ? error.message : '';
  };
  const diagnostics = async () => overlayDiagnostics(await readOverlay(tree, overlay));

  it('are the built-in ones but for those of the same name', async () => {
    await put('bird1/peer.hbs', 'mine;\n');
    await put('bird1/README', 'not a template');
    const builtIn = await readTemplates(tree, 'bird1');
    const templates = await readTemplates(tree, 'bird1', overlay);
    expect([...templates.keys()]).toEqual([...builtIn.keys()]);
    expect([...templates].filter(([name, text]) => builtIn.get(name) !== text)).toEqual([['peer', 'mine;\n']]);
    expect(builtIn.get('bird')).toBe(await readFile(join(tree, 'bird1/bird.hbs'), 'utf8'));
  });

  it('come from a mounted ConfigMap as well: links to a hidden folder', async () => {
    await put('bird1/peer.hbs', 'mounted;\n');
    await mkdir(join(overlay, '..2026'));
    await rename(join(overlay, 'bird1'), join(overlay, '..2026/bird1'));
    await symlink('..2026', join(overlay, '..data'));
    await symlink('..data/bird1', join(overlay, 'bird1'));
    expect((await readTemplates(tree, 'bird1', overlay)).get('peer')).toBe('mounted;\n');
  });

  it.each([
    ['bird1/peers.hbs', /\/bird1\/peers\.hbs replaces no template; the nearest names are bird1\/peer\.hbs, /],
    ['peer.hbs', /\/peer\.hbs replaces no template; the nearest names are bird1\/peer\.hbs, /],
    ['bird2/peer.hbs', /\/bird2\/peer\.hbs replaces no template; the nearest names are bird1\/peer\.hbs, /],
    ['bird1/more/peer.hbs', /\/bird1\/more\/peer\.hbs replaces no template/],
  ])('are refused where %s replaces nothing', async (path, expected) => {
    await put(path, 'mine;\n');
    expect(await refusal()).toMatch(expected);
  });

  it('are refused, with file and line, where one is no template', async () => {
    await put('bird1/extra-peer.hbs', '  passive on;\n{{#if port}}\n  # {{shout}}\n{{/each}}\n');
    expect(await refusal()).toBe(`--templates-overlay: ${overlay}/bird1/extra-peer.hbs:2: if doesn't match each`);
  });

  it('are refused where there is no such folder', async () => {
    overlay = join(overlay, 'missing');
    expect(await refusal()).toMatch(/^--templates-overlay: cannot read .*missing: ENOENT/);
  });

  it('tell which text each was made from', async () => {
    await put('bird1/extra-global.hbs', `{{!-- from birdconfd ${EMPTY} --}}\n`);
    await put('bird1/extra-import.hbs', `{{! from birdconfd ${EMPTY} }}\n`);
    expect(await diagnostics()).toEqual(
      ['extra-global', 'extra-import'].map((name) => ({
        severity: 'warning',
        code: 'template-overridden',
        key: `${overlay}/bird1/${name}.hbs`,
        path: [],
        message: `replaces bird1/${name}.hbs, whose text is ${EMPTY}`,
      })),
    );
  });

  it.each([
    ['{{!-- from birdconfd 0123456789ab --}}\n', /^it was made from 0123456789ab, and the text is e3b0c44298fc now: /],
    ['  passive on;\n', /^it does not say which text it was made from: .*\{\{!-- from birdconfd e3b0c44298fc --\}\}$/],
    [`# {{!-- from birdconfd ${EMPTY} --}}\n`, /^it does not say/],
  ])('warn of one that begins with %j', async (text, message) => {
    await put('bird1/extra-peer.hbs', text);
    expect(await diagnostics()).toEqual([
      expect.objectContaining({ code: 'template-overridden' }),
      {
        severity: 'warning',
        code: 'template-outdated',
        key: `${overlay}/bird1/extra-peer.hbs`,
        path: [],
        message: expect.stringMatching(message),
      },
    ]);
  });
});
