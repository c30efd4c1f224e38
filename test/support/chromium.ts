import { type Browser, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Debian's; scripts/prepare.mjs --chromium installs it. */
const EXECUTABLE = '/usr/bin/chromium';

/** What a page did that nobody asked it for. */
export interface Misdeeds {
  readonly requests: readonly string[];
  readonly console: readonly string[];
}

/** A headless browser, closed when the test that asked for it has finished. */
export async function openChromium(): Promise<Browser> {
  // Root has no sandbox; the pages are our own.
  const browser = await chromium.launch({ executablePath: EXECUTABLE, args: ['--no-sandbox', '--disable-gpu'] });
  onTestFinished(() => browser.close());
  return browser;
}

/** Opens a file in a window of this width, and notes everything beyond reading that file that the page does. */
export async function openFile(
  browser: Browser,
  path: string,
  options: { readonly width: number; readonly colorScheme?: 'light' | 'dark' },
): Promise<{ readonly page: Page; readonly misdeeds: Misdeeds }> {
  const { width, colorScheme = 'light' } = options;
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const misdeeds = { requests: [] as string[], console: [] as string[] };
  const url = `file://${path}`;
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) misdeeds.requests.push(request.url());
  });
  page.on('console', (message) => misdeeds.console.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => misdeeds.console.push(String(error)));
  await page.goto(url);
  return { page, misdeeds };
}
