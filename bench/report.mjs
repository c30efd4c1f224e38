// Figures in a table, as people read them.
import { median, pairedRatio, quantile } from './statistics.mjs';

export const ms = (value) => value.toFixed(1);
const times = (ratio) => (ratio === undefined ? '' : `${ratio.toFixed(2)}×`);

export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** `figures`: program → its values in the order of the rounds. */
function ratios(figures, key, subject) {
  const others = [...figures].filter(([name]) => name !== subject);
  return Object.fromEntries(others.map(([name, f]) => [name, pairedRatio(figures.get(subject)[key], f[key])]));
}

const spread = (values) => ({ min: Math.min(...values), median: median(values), p95: quantile(values, 0.95) });

export function shotSummary(shots, subject) {
  const rows = [...shots].map(([name, f]) => ({
    name,
    wallMs: spread(f.wallMs),
    cpuMs: spread(f.cpuMs),
    peakMib: median(f.peakMib),
  }));
  const all = ['wallMs', 'cpuMs', 'peakMib'].map((key) => [key, ratios(shots, key, subject)]);
  return { rows, ratios: Object.fromEntries(all) };
}

export function shotTable({ rows, ratios }, title, against) {
  const head = [title, 'wall ms', 'min', against, 'CPU ms', 'min', against, 'peak MiB', against];
  const cells = rows.map(({ name, wallMs, cpuMs, peakMib }) => [
    name,
    ...[ms(wallMs.median), ms(wallMs.min), times(ratios.wallMs[name])],
    ...[ms(cpuMs.median), ms(cpuMs.min), times(ratios.cpuMs[name])],
    ...[ms(peakMib), times(ratios.peakMib[name])],
  ]);
  return table([head, ...cells]);
}

export function changeSummary(changes, subject) {
  const rows = [...changes].map(([name, f]) => ({
    ...{ name, latencyMs: spread(f.latencyMs), ackMs: median(f.ackMs) },
    ...{ cpuMs: f.cpuMs, idleMsPerSecond: f.idleMsPerSecond, rssMib: f.rssMib, peakMib: f.peakMib },
  }));
  return { rows, ratios: { latencyMs: ratios(changes, 'latencyMs', subject) } };
}

export function changeTable({ rows, ratios }, against) {
  const head = ['put → file', 'median ms', 'min', 'p95', against, 'CPU ms/change', 'idle ms/s', 'RSS MiB'];
  const cells = rows.map(({ name, latencyMs, cpuMs, idleMsPerSecond, rssMib }) => [
    name,
    ...[ms(latencyMs.median), ms(latencyMs.min), ms(latencyMs.p95), times(ratios.latencyMs[name])],
    ...[ms(cpuMs), ms(idleMsPerSecond), ms(rssMib)],
  ]);
  return table([head, ...cells]);
}

export function confirmedSummary(figures) {
  return {
    ...Object.fromEntries(Object.entries(figures).map(([name, values]) => [name, spread(values)])),
    ratio: pairedRatio(figures.confirmed, figures.least),
  };
}

export const confirmedLine = ({ confirmed, least, watchMs, checkMs, configureMs, ratio }) =>
  `put → confirmed: median ${ms(confirmed.median)} ms, min ${ms(confirmed.min)}, p95 ${ms(confirmed.p95)}; ${times(ratio)} of ` +
  `watch ${ms(watchMs.median)} + bird -p ${ms(checkMs.median)} + configure ${ms(configureMs.median)} (${ms(least.median)})`;

export const burstTable = (results) =>
  table([
    ['burst', 'program', 'writes', 'settled ms after the last put', 'CPU ms'],
    ...results.map(({ burst, name, writes, settledMs, cpuMs }) => [
      ...[burst, name, String(writes), ms(settledMs), ms(cpuMs)],
    ]),
  ]);

export const shapeTable = (results) =>
  table([
    ['shape', 'size', 'once, CPU ms', 'peak MiB', 'one more → file, ms', 'CPU ms', 'RSS MiB'],
    ...results.map(({ shape, n, cpuMs, peakMib, change }) => [
      ...[shape, String(n), ms(cpuMs.median), ms(peakMib)],
      ...[ms(change.medianMs), ms(change.cpuMs), ms(change.rssMib)],
    ]),
  ]);
