/**
 * The style of a picture, for a reader with a light and with a dark background. A fate is told by the kind of its stroke too, for those
 * who do not tell the colours apart.
 */
export const PICTURE_STYLE = `
.bgp { --paper: #fff; --ink: #1c2430; --faint: #5b6675; --box: #f4f6f9; --edge: #aab4c2; --chip: #fff; --calm: #8a95a5;
  --added: #15803d; --removed: #c81e1e; --restarted: #c2570c; --refiltered: #1d5fd1; --peer: #eef2ff; --reflector: #fdf3d7;
  font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--paper); }
@media (prefers-color-scheme: dark) { .bgp { --paper: #12161c; --ink: #e4e9f0; --faint: #9aa6b6; --box: #1a2029; --edge: #4a5666;
  --chip: #242c37; --calm: #76839a; --added: #4ade80; --removed: #f87171; --restarted: #fb923c; --refiltered: #7cb0ff;
  --peer: #252b45; --reflector: #3a321a; } }
.bgp text { fill: var(--ink); font-size: 12px; }
.bgp .head { font-size: 17px; font-weight: 600; }
.bgp .faint { fill: var(--faint); }
.bgp .as rect { fill: var(--box); stroke: var(--edge); stroke-dasharray: 7 4; }
.bgp .as text { font-size: 13px; font-weight: 600; }
.bgp .group rect { fill: none; stroke: var(--edge); }
.bgp :is(.chip, .key) rect { fill: var(--chip); stroke: var(--calm); stroke-width: 1.2; }
.bgp :is(.chip, .key):is(.peer, .workload) rect { fill: var(--peer); }
.bgp :is(.chip, .key).reflector rect { fill: var(--reflector); stroke-width: 2; }
.bgp .chip text { font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
.bgp .badge { font-size: 10px; font-weight: 700; }
.bgp .link { fill: none; stroke: var(--calm); stroke-width: 1.3; }
.bgp .bar .link { fill: var(--calm); stroke: none; fill-opacity: .35; }
.bgp .onesided { stroke-dasharray: 2 4; }
.bgp .added { --fate: var(--added); } .bgp .removed { --fate: var(--removed); }
.bgp .restarted { --fate: var(--restarted); } .bgp .refiltered { --fate: var(--refiltered); }
.bgp .link:is(.added, .removed, .restarted, .refiltered) { stroke: var(--fate); stroke-width: 2.4; }
.bgp .bar .link:is(.added, .removed, .restarted, .refiltered) { fill: var(--fate); stroke: none; fill-opacity: .55; }
.bgp .link.removed { stroke-dasharray: 7 5; } .bgp .link.refiltered { stroke-dasharray: 1 4; stroke-linecap: round; }
.bgp .chip:is(.added, .removed, .restarted, .refiltered) rect { stroke: var(--fate); stroke-width: 2.4; }
.bgp .chip circle { fill: var(--fate); }
.bgp .number rect { fill: var(--paper); stroke: var(--edge); }
.bgp .number text { font-size: 11px; text-anchor: middle; }
.bgp .middle { text-anchor: middle; }
`.trim();
