// One chart of cost against the number of nodes, as SVG: both axes logarithmic, a line a program.
const [width, height, left, bottom] = [640, 400, 60, 40];
const colours = ['#c0392b', '#2c7fb8', '#31a354', '#756bb1', '#e6842a'];

/** @param {string} title @param {Record<string, [x: number, y: number][]>} lines */
export function chart(title, lines) {
  const all = Object.values(lines).flat();
  const range = (at) => [Math.min(...all.map((p) => p[at])), Math.max(...all.map((p) => p[at]))].map(Math.log10);
  const [[x0, x1], [y0, y1]] = [range(0), range(1)].map(([a, b]) => [Math.floor(a * 2) / 2, Math.ceil(b * 2) / 2 || 1]);
  const x = (value) => left + ((Math.log10(value) - x0) / (x1 - x0 || 1)) * (width - left - 20);
  const y = (value) => height - bottom - ((Math.log10(value) - y0) / (y1 - y0 || 1)) * (height - bottom - 60);
  const ticks = (from, to) => [1, 10, 100, 1e3, 1e4, 1e5].filter((v) => Math.log10(v) >= from && Math.log10(v) <= to);
  const label = (value) => (value >= 1000 ? `${value / 1000},000` : String(value));
  const grid = [
    ...ticks(y0, y1).map(
      (v) =>
        `<path d="M${left} ${y(v)}H${width - 20}" stroke="#ddd"/><text x="${left - 6}" y="${y(v) + 4}" text-anchor="end">${label(v)}</text>`,
    ),
    ...[...new Set(all.map((p) => p[0]))].map(
      (v) => `<text x="${x(v)}" y="${height - bottom + 18}" text-anchor="middle">${v.toLocaleString('en')}</text>`,
    ),
  ];
  const drawn = Object.entries(lines).map(([name, points], i) => {
    const path = points.map(([a, b], at) => `${at === 0 ? 'M' : 'L'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join('');
    const dots = points.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="3" fill="${colours[i]}"/>`).join('');
    const legend = `<text x="${left + 10 + i * 130}" y="44" fill="${colours[i]}">${name}</text>`;
    return `<path d="${path}" fill="none" stroke="${colours[i]}" stroke-width="2"/>${dots}${legend}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>${title}: ${Object.keys(lines).join(', ')}</title>
<rect width="100%" height="100%" fill="white"/><text x="${left}" y="22" font-size="15">${title}</text>
${[...grid, ...drawn].join('\n')}
<text x="${width / 2}" y="${height - 6}" text-anchor="middle">nodes</text></svg>\n`;
}
