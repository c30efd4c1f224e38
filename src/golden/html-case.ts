import { printable } from '../core/diagnostic.ts';
import { markup } from '../core/markup.ts';
import { graphOf } from '../topology/graph.ts';
import { svgOf } from '../topology/svg.ts';
import { caseTopologies } from './case-topology.ts';
import { htmlDiff } from './html-diff.ts';
import type {
  CaseReport,
  DaemonReport,
  DiagnosticsReport,
  HarnessReport,
  OutputReport,
  SessionFate,
} from './report.ts';

const FATE_WORDS: Readonly<Record<SessionFate, string>> = {
  added: 'is added',
  removed: 'is removed',
  restarted: 'restarts',
  refiltered: 'is re-filtered',
  unchanged: 'stays',
};

const shown = (text: string): string => markup(printable(text));

const badge = (words: string, kind: string): string => `<span class="badge ${kind}">${shown(words)}</span>`;

function meaningOf({ daemon, sessions, others, routes, pools, routerId, needsRestart }: DaemonReport): string {
  const rows: string[] = sessions
    .filter(({ fate }) => fate !== 'unchanged')
    .map(({ name, fate, because }) => {
      const reasons = because.length > 0 ? ` <span class="faint">(${shown(because.join(', '))})</span>` : '';
      return `<li class="${fate}"><code>${shown(name)}</code> ${FATE_WORDS[fate]}${reasons}</li>`;
    });
  rows.push(
    ...others.map(
      ({ name, fate }) => `<li class="${fate}">protocol <code>${shown(name)}</code> ${FATE_WORDS[fate]}</li>`,
    ),
  );
  rows.push(...routes.added.map((route) => `<li class="added">route <code>${shown(route)}</code> is added</li>`));
  rows.push(...routes.removed.map((route) => `<li class="removed">route <code>${shown(route)}</code> is removed</li>`));
  rows.push(
    ...pools.map((pool) => `<li class="refiltered">range <code>${shown(pool)}</code> is treated in another way</li>`),
  );
  if (routerId.before !== routerId.after)
    rows.push(
      `<li class="restarted">router id ${shown(routerId.before ?? 'none')} → ${shown(routerId.after ?? 'none')}</li>`,
    );
  if (needsRestart)
    rows.push('<li class="restarted">listening address or port: BIRD takes it only when it starts</li>');
  return rows.length === 0 ? '' : `<p class="faint">${daemon}</p><ul class="sessions">${rows.join('')}</ul>`;
}

function searchText(output: OutputReport): string {
  const sessions = output.daemons.flatMap(({ sessions }) =>
    sessions.flatMap(({ name, after, before }) => [
      name,
      (after ?? before)?.neighbor ?? '',
      `AS${(after ?? before)?.as ?? ''}`,
    ]),
  );
  return [
    output.step,
    output.node,
    output.bird,
    output.layout,
    ...output.files.map(({ path }) => path),
    ...sessions,
  ].join(' ');
}

function htmlOutput(output: OutputReport, sides: HarnessReport['sides']): string {
  const { node, step, bird, layout, status, daemons, files } = output;
  const fates = [
    ...new Set(daemons.flatMap((daemon) => [...daemon.sessions, ...daemon.others].map(({ fate }) => fate))),
  ];
  const title = `${shown(node)} <span class="faint">${shown(step)} · BIRD ${bird} · layout ${layout}</span>`;
  const differing = files.filter(({ before, after }) => before !== null || after !== null);
  return `<section class="output" data-fates="${fates.join(' ')}" data-search="${shown(searchText(output).toLowerCase())}"><h4>${title} ${badge(status, status)}</h4>${daemons.map(meaningOf).join('')}${differing.map((file) => htmlDiff(file, sides)).join('')}</section>`;
}

function htmlDiagnostics({ path, added, removed }: DiagnosticsReport): string {
  const lines = (kind: 'added' | 'removed', all: DiagnosticsReport['added']) =>
    all.map(
      ({ severity, code, key, path: at }) =>
        `<li class="${kind}">${kind === 'added' ? '+' : '−'} ${shown([severity, code, key, at.join('.')].join(' '))}</li>`,
    );
  return `<section class="output" data-fates="" data-search="${shown(JSON.stringify([path, added, removed]).toLowerCase())}"><h4><code>${shown(path)}</code></h4><ul class="sessions">${[...lines('removed', removed), ...lines('added', added)].join('')}</ul></section>`;
}

/** The pictures of a case, a step each: what a change does to every session. */
function htmlTopologies({ name, outputs }: CaseReport, id: string): string {
  return caseTopologies(outputs)
    .filter(({ speakers }) => speakers.some(({ sessions }) => sessions.length > 0))
    .map(({ step, speakers }, i) => {
      const options = { title: step || name, id: `${id}-${i}`, isAlone: false, isComparison: true };
      return `<div class="scroll" tabindex="0" role="region" aria-label="topology">${svgOf(graphOf(speakers), options)}</div>`;
    })
    .join('');
}

/** A case as a part of the page that opens and closes; `id` is unique on the page. */
export function htmlCase(
  report: CaseReport,
  sides: HarnessReport['sides'],
  { id, isOpen }: { id: string; isOpen: boolean },
): string {
  const { name, about, status, faults, outputs, diagnostics } = report;
  const wrong = faults.map(
    ({ kind, path, message }) => `<li><b>${kind}</b> <code>${shown(path)}</code>: ${shown(message)}</li>`,
  );
  const differing = outputs.filter((output) => output.status !== 'passed');
  const body = [
    wrong.length > 0 ? `<ul class="faults">${wrong.join('')}</ul>` : '',
    htmlTopologies(report, id),
    ...differing.map((output) => htmlOutput(output, sides)),
    ...diagnostics.filter((each) => each.status !== 'passed').map(htmlDiagnostics),
  ];
  const nodes = [...new Set(outputs.map(({ node }) => node))].join(' ');
  const search = shown(`${name} ${about} ${nodes}`.toLowerCase());
  const calm = differing.length === 0 && wrong.length === 0 ? '<p class="faint">Nothing differs.</p>' : '';
  return `<details class="case ${status}" data-state="${status}" data-search="${search}"${isOpen ? ' open' : ''}><summary>${badge(status, 'status')} <h2>${shown(name)}</h2> <span class="faint">${shown(about)}</span></summary><div>${body.join('\n')}${calm}</div></details>`;
}
