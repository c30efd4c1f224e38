import { expect, it } from 'vitest';
import { compareOutput } from '../../src/golden/compare-output.ts';
import { htmlReport } from '../../src/golden/html-report.ts';
import type { CaseReport, HarnessReport } from '../../src/golden/report.ts';
import { sideBySide } from '../../src/golden/side-by-side.ts';

const conf = (as: number, password: string) =>
  `router id 192.0.2.1;\nprotocol bgp Mesh_192_0_2_2 {\n  local as 64512;\n  neighbor 192.0.2.2 as ${as};\n  password "${password}";\n}\n`;

function reportOf(before: string, after: string, name = 'cases/one'): HarnessReport {
  const place = {
    step: 'in.yaml',
    out: 'out',
    node: 'worker-1',
    bird: '1.6',
    layout: 'single',
    folder: 'out',
  } as const;
  const files = (text: string) => [{ name: 'bird.conf', text }];
  const one: CaseReport = {
    name,
    about: 'what it is about',
    status: 'failed',
    faults: [{ kind: 'refused', path: 'out/bird.conf', message: `bird.conf:1 <b>${name}</b>` }],
    outputs: [compareOutput(place, files(before), files(after), 'all')],
    diagnostics: [],
    durationMs: 1,
  };
  return { title: 'birdconfd test cases', sides: { before: 'golden', after: 'rendered' }, cases: [one], durationMs: 1 };
}

it('says what a change means, shows it, and nothing of a password', () => {
  const page = htmlReport(reportOf(conf(64512, 'secret-1'), conf(64513, 'secret-2')));
  expect(page).toContain('<code>Mesh_192_0_2_2</code> restarts');
  expect(page).toContain('neighbor 192.0.2.2 as <del>64512</del>;');
  expect(page).toContain('neighbor 192.0.2.2 as <ins>64513</ins>;');
  expect(page).toContain('class="link restarted" data-sessions="1"');
  expect(page).not.toContain('secret-');
});

it('shows hostile text as text, and holds no address that a browser would ask', () => {
  const hostile = '</script><img src=x onerror=alert(1)>';
  const page = htmlReport(reportOf(conf(1, 'a'), `# ${hostile}\n${conf(1, 'a')}`, hostile));
  expect(page).not.toContain('<img');
  expect(page.match(/<\/script>/g)).toHaveLength(1);
  expect(page.match(/(?:src|href)="[^"#]*"/g)).toEqual(['href="data:,"']);
});

it('is the same page for the same report', () => {
  const [before, after] = [conf(1, 'a'), conf(2, 'a')];
  expect(htmlReport(reportOf(before, after))).toBe(htmlReport(reportOf(before, after)));
});

it('lays lines beside each other and leaves out what is far from a change', () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`);
  const changed = lines.with(9, 'line ten');
  const rows = sideBySide(`${lines.join('\n')}\n`, `${changed.join('\n')}\n`, 100);
  expect(rows.map((row) => (row.kind === 'skipped' ? -row.lines : row.before?.line))).toEqual([
    -6, 7, 8, 9, 10, 11, 12, 13, -7,
  ]);
  expect(rows.find(({ kind }) => kind === 'changed')).toEqual({
    kind: 'changed',
    before: {
      line: 10,
      pieces: [
        { text: 'line ', isMarked: false },
        { text: '10', isMarked: true },
      ],
    },
    after: {
      line: 10,
      pieces: [
        { text: 'line ', isMarked: false },
        { text: 'ten', isMarked: true },
      ],
    },
  });
  expect(sideBySide(null, 'a\nb\n', 1)).toEqual([
    { kind: 'changed', before: null, after: { line: 1, pieces: [{ text: 'a', isMarked: false }] } },
    { kind: 'skipped', lines: 1 },
  ]);
});
