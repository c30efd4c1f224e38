import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { openChromium, openFile } from '../support/chromium.ts';
import { runCli } from '../support/cli.ts';
import { temporaryFolder } from '../support/folder.ts';

const resource = (kind: string, name: string, spec: unknown) =>
  stringify({ apiVersion: 'projectcalico.org/v3', kind, metadata: { name }, spec });

const cluster = (nodes: number, changedAs: number | null) => [
  stringify({ kind: 'Case', nodes: 'all' }),
  ...Array.from({ length: nodes }, (_, i) => {
    const bgp = { ipv4Address: `10.0.0.${i + 1}/24`, ...(i === 1 && changedAs !== null && { asNumber: changedAs }) };
    return resource('Node', `worker-${i + 1}`, { bgp });
  }),
  resource('BGPPeer', 'router', { peerIP: '192.0.2.254', asNumber: 64500 }),
];

/** A small case and one with a mesh of 30, accepted; then a node of the small one gets another AS. */
async function failingReport(): Promise<{ dir: string; page: string }> {
  const dir = await temporaryFolder();
  const put = async (name: string, documents: readonly string[]) => {
    await mkdir(join(dir, 'cases', name), { recursive: true });
    await writeFile(join(dir, 'cases', name, 'in.yaml'), documents.join('---\n'));
  };
  await put('small', cluster(3, null));
  await put('large', cluster(30, null));
  const args = ['test', 'cases', '--check', 'none', '--html', 'report.html'];
  expect(await runCli([...args, '--update'], { cwd: dir })).toMatchObject({ code: 0 });
  await put('small', cluster(3, 64555));
  expect(await runCli(args, { cwd: dir })).toMatchObject({ code: 2 });
  return { dir, page: join(dir, 'report.html') };
}

it('opens in a browser without an error or a request, counts, colours, filters, and reads at two widths', async () => {
  const { dir, page: path } = await failingReport();
  const browser = await openChromium();
  const { page, misdeeds } = await openFile(browser, path, { width: 1400 });
  const count = (selector: string) => page.locator(selector).count();
  const sessions = (selector: string) =>
    page
      .locator(selector)
      .evaluateAll((all) => all.reduce((sum, each) => sum + Number(each.getAttribute('data-sessions')), 0));
  const small = '.case[data-search*=small]';
  const large = '.case[data-search*=large]';

  expect(await count('.case')).toBe(2);
  expect(await count(`${small} .chip.node`)).toBe(3);
  expect(await count(`${small} .chip.peer`)).toBe(1);
  expect(await sessions(`${small} .link[data-sessions]`)).toBe(6);
  // worker-2 with both others, and with the router.
  expect(await sessions(`${small} .link.restarted`)).toBe(3);
  expect(await count(`${large} .chip.node`)).toBe(30);
  expect(await sessions(`${large} .link[data-sessions]`)).toBe(435 + 30);
  const colour = (selector: string) =>
    page.evaluate<string>(`getComputedStyle(document.querySelector(${JSON.stringify(selector)})).stroke`);
  expect(await colour(`${small} .link.restarted`)).toBe('rgb(194, 87, 12)');
  expect(await colour(`${small} .link.unchanged`)).toBe('rgb(138, 149, 165)');

  const shown = () => page.locator('#count').textContent();
  expect(await shown()).toBe('2 of 2 cases');
  await page.keyboard.press('/');
  await page.keyboard.type('worker-30');
  expect(await shown()).toBe('1 of 2 cases');
  expect(await page.locator(small).isVisible()).toBe(false);
  await page.keyboard.press('Escape');
  expect(await shown()).toBe('2 of 2 cases');
  await page.locator('input[value=added]').check();
  expect(await shown()).toBe('0 of 2 cases');
  await page.locator('input[value=added]').uncheck();
  await page.locator('input[value=restarted]').check();
  expect(await shown()).toBe('1 of 2 cases');
  await page.keyboard.press('n');
  expect(await page.evaluate<string>('document.activeElement.textContent')).toContain('small');

  const narrow = await openFile(browser, path, { width: 420, colorScheme: 'dark' });
  for (const [view, name] of [
    [page, 'wide'],
    [narrow.page, 'narrow'],
  ] as const) {
    const picture = await view.screenshot({ path: join(dir, `${name}.png`) });
    expect(picture.length).toBeGreaterThan(10_000);
    const { scrollWidth, clientWidth } = await view.evaluate<{ scrollWidth: number; clientWidth: number }>(
      '({ scrollWidth: document.documentElement.scrollWidth, clientWidth: document.documentElement.clientWidth })',
    );
    expect(scrollWidth, 'only tables and pictures scroll sideways').toBe(clientWidth);
  }
  expect([misdeeds, narrow.misdeeds]).toEqual([
    { requests: [], console: [] },
    { requests: [], console: [] },
  ]);
}, 300_000);
