/** The style of the page around the pictures: light and dark, readable at any width, and on paper. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --faint: #566070; --line: #d5dbe4; --soft: #f4f6f9; --accent: #1d5fd1;
  --added: #15803d; --removed: #c81e1e; --restarted: #b4500a; --refiltered: #1d5fd1; --unchanged: #566070;
  --minus: #ffecec; --plus: #e8f7ec; --minus-mark: #ffc9c9; --plus-mark: #b6e8c4; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161c; --ink: #e4e9f0; --faint: #9aa6b6; --line: #343e4c; --soft: #1a2029;
  --accent: #7cb0ff; --added: #4ade80; --removed: #f87171; --restarted: #fb923c; --refiltered: #7cb0ff; --unchanged: #9aa6b6;
  --minus: #35191b; --plus: #14301f; --minus-mark: #6e2a2e; --plus-mark: #1f5c36; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main, header > div { max-width: 1500px; margin: 0 auto; padding: 0 1.25rem; }
header { position: sticky; top: 0; z-index: 1; background: var(--paper); border-bottom: 1px solid var(--line); padding: .6rem 0; }
header > div { display: flex; flex-wrap: wrap; gap: .4rem 1.5rem; align-items: center; }
h1 { font-size: 1.2rem; margin: 0; } h2, h3, h4 { margin: 0; font-size: 1rem; } h3 { margin-top: 1.4rem; } h4 { font-weight: 600; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; top: .5rem; z-index: 2; background: var(--paper); padding: .3rem .6rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
input[type=search] { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 8px; padding: .3rem .7rem; width: min(26rem, 70vw); }
fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem .9rem; } legend { float: left; padding: 0; margin-right: .9rem; color: var(--faint); }
label { display: inline-flex; gap: .35rem; align-items: center; } kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .3rem; font-size: .8em; }
.totals { list-style: none; display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; padding: 1rem 0 .4rem; margin: 0; } .totals b { font-size: 1.25rem; }
.faint, .count { color: var(--faint); }
.case { border: 1px solid var(--line); border-radius: 10px; margin: .7rem 0; } .case > summary { padding: .6rem .9rem; cursor: pointer; }
.case > summary h2 { display: inline; font-family: ui-monospace, "DejaVu Sans Mono", monospace; } .case > div { padding: 0 .9rem 1rem; }
.case.failed { border-left: 5px solid var(--removed); } .case.updated { border-left: 5px solid var(--refiltered); } .case.passed { border-left: 5px solid var(--added); }
.badge { display: inline-block; border: 1.5px solid currentColor; border-radius: 99px; padding: 0 .55rem; font-size: .8rem; font-weight: 600; white-space: nowrap; }
.failed > summary .badge.status, .badge.obsolete, .badge.failed { color: var(--removed); } .passed > summary .badge.status, .badge.new { color: var(--added); } .updated > summary .badge.status { color: var(--refiltered); }
.added { color: var(--added); } .removed { color: var(--removed); } .restarted { color: var(--restarted); } .refiltered { color: var(--refiltered); }
.faults { border-left: 4px solid var(--removed); background: var(--soft); padding: .5rem 2rem; } .sessions { margin: .4rem 0; padding-left: 1.2rem; }
code, .diff { font-family: ui-monospace, "DejaVu Sans Mono", monospace; } code { overflow-wrap: anywhere; }
.output { margin-top: 1.1rem; border-top: 1px solid var(--line); padding-top: .7rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; } .scroll svg { display: block; }
.diff { border-collapse: collapse; width: 100%; min-width: 46rem; table-layout: fixed; font-size: 12.5px; line-height: 1.45; }
.diff th[scope=col] { text-align: left; padding: .25rem .6rem; background: var(--soft); } .diff .n { width: 3.4rem; text-align: right; color: var(--faint); padding: 0 .6rem; user-select: none; }
.diff td { vertical-align: top; padding: 0 .5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.diff .minus { background: var(--minus); } .diff .plus { background: var(--plus); } .diff del { background: var(--minus-mark); text-decoration: none; } .diff ins { background: var(--plus-mark); text-decoration: none; }
.diff .gap td { color: var(--faint); background: var(--soft); text-align: center; padding: .1rem; } .diff caption { text-align: left; padding: .35rem .6rem; }
[hidden] { display: none !important; } .bgp { border: 0; }
@media (max-width: 700px) { main, header > div { padding: 0 .6rem; } body { font-size: 14px; } header { position: static; } }
@media print { header { position: static; } .scroll { overflow: visible; } }
`.trim();
