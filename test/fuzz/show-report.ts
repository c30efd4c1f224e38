import type { Finding, FuzzReport } from './fuzz.ts';

const SHOWN = 1_500;

/** A text as JSON, cut in the middle where it is long. */
const shown = (text: string): string => {
  const json = JSON.stringify(text);
  if (json.length <= SHOWN) return json;
  return `${json.slice(0, SHOWN / 2)} … (${json.length} characters) … ${json.slice(-SHOWN / 4)}`;
};

const ofFinding = ({ kind, detail, values }: Finding): string => {
  const all = values.slice(0, 5).map(({ what, source, entries }) => {
    const keys = entries.slice(0, 3).map(([key]) => `\n      key   ${shown(key)}`);
    return `    ${what}${keys.join('')}\n      value ${shown(source)}`;
  });
  const more = values.length > 5 ? [`    and ${values.length - 5} more`] : [];
  return [`${kind}: ${detail}`, ...all, ...more].join('\n');
};

/** What `fuzz` found, for people: every finding with its values, then the counts. */
export function showReport(report: FuzzReport): string {
  const { values, bad, batches, birdRuns, seconds, findings, slowest } = report;
  return [
    ...findings.map(ofFinding),
    ...(slowest
      ? [`slowest: ${slowest.ms.toFixed(1)} ms, ${slowest.value.what}, ${slowest.value.source.length} characters`]
      : []),
    `${values} hostile values in ${batches} clusters, ${bad} of them bad for certain and named; ${birdRuns} runs of BIRD; ${seconds.toFixed(1)} s`,
    findings.length === 0 ? 'no findings' : `${findings.length} findings`,
  ].join('\n');
}
