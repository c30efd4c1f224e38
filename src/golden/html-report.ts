import { createHash } from 'node:crypto';
import { printable } from '../core/diagnostic.ts';
import { markup } from '../core/markup.ts';
import { PICTURE_STYLE } from '../topology/style.ts';
import { htmlCase } from './html-case.ts';
import { PAGE_SCRIPT } from './html-script.ts';
import { PAGE_STYLE } from './html-style.ts';
import { impactOf } from './impact.ts';
import type { CaseReport, HarnessReport } from './report.ts';

/** So many failed cases are open from the start: a page that is all open shows nothing. */
const OPEN = 10;

const digest = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

function totalsOf(report: HarnessReport): readonly (readonly [number, string, string])[] {
  const count = (status: CaseReport['status']) => report.cases.filter((each) => each.status === status).length;
  const { nodesChanged, sessions } = impactOf(report);
  return [
    [count('passed'), 'passed', ''],
    [count('failed'), 'failed', count('failed') > 0 ? 'removed' : ''],
    ...(count('updated') > 0 ? [[count('updated'), 'updated', ''] as const] : []),
    [nodesChanged, 'nodes changed', ''],
    [sessions.removed, 'sessions removed', 'removed'],
    [sessions.restarted, 'restarted', 'restarted'],
    [sessions.added, 'added', 'added'],
    [sessions.refiltered, 're-filtered', 'refiltered'],
  ];
}

const tick = (name: string, value: string, words: string): string =>
  `<label class="${value}"><input type="checkbox" name="${name}" value="${value}"> ${words}</label>`;

const CONTROLS = `<label>Filter <input type="search" id="search" placeholder="case, node, session, address, AS64512" autocomplete="off" aria-describedby="keys"></label>
<fieldset><legend>cases</legend>${['failed', 'passed', 'updated'].map((state) => tick('state', state, state)).join('')}</fieldset>
<fieldset><legend>sessions</legend>${tick('fate', 'removed', 'removed')}${tick('fate', 'restarted', 'restarted')}${tick('fate', 'added', 'added')}${tick('fate', 'refiltered', 're-filtered')}</fieldset>
<span id="keys" class="faint"><kbd>/</kbd> filter, <kbd>n</kbd> <kbd>p</kbd> next and last failed</span> <output id="count" class="count" aria-live="polite"></output>`;

/**
 * A report as one HTML page, failed cases first, that needs nothing else: style, script and pictures are in it, and its policy forbids every request. Whatever
 * the report holds is shown as text. Pure: the same report gives the same page.
 */
export function htmlReport(report: HarnessReport): string {
  const { title, sides, cases } = report;
  const style = `${PAGE_STYLE}\n${PICTURE_STYLE}`;
  // Strokes carry their colours in attributes of the page's own style; no style stands in an attribute.
  const policy = `default-src 'none'; img-src data:; style-src ${digest(style)}; script-src ${digest(PAGE_SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const totals = totalsOf(report).map(
    ([count, words, kind]) => `<li class="${kind}"><b>${count.toLocaleString('en')}</b> ${words}</li>`,
  );
  let open = 0;
  const sorted = (['failed', 'updated', 'passed'] as const).flatMap((status) =>
    cases.filter((each) => each.status === status),
  );
  const parts = sorted.map((each, i) =>
    htmlCase(each, sides, { id: `case-${i}`, isOpen: each.status === 'failed' && open++ < OPEN }),
  );
  const name = markup(printable(title));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>${name}</title>
<style>${style}</style>
</head>
<body>
<a class="skip" href="#cases">To the cases</a>
<header><div><h1>${name}</h1>${CONTROLS}</div></header>
<main>
<p class="faint">${markup(printable(sides.before))} → ${markup(printable(sides.after))}</p>
<ul class="totals">${totals.join('')}</ul>
<div id="cases">${parts.join('\n')}</div>
</main>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}
