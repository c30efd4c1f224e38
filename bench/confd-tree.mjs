// What generic mode is measured with: 50 files of one service out of 2,000 keys, 40 for each file.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RESOURCES = 50;
const BACKENDS = 39;

const two = (number) => String(number).padStart(2, '0');
export const resourceName = (resource) => `r${two(resource)}`;
export const serialKey = (resource) => `/bench/${resourceName(resource)}/serial`;

/** Key → value of all 2,000 keys. */
export function keys() {
  const entries = Array.from({ length: RESOURCES }, (_, resource) => {
    const backend = (i) => [
      `/bench/${resourceName(resource)}/backends/b${two(i)}`,
      `192.0.2.${i + 1}:${8000 + resource}`,
    ];
    return [[serialKey(resource), 'first'], ...Array.from({ length: BACKENDS }, (_, i) => backend(i))];
  });
  return Object.fromEntries(entries.flat());
}

const TEMPLATES = {
  handlebars: 'serial {{getv "/serial"}};\n{{#each (gets "/backends/*")}}\nserver {{base Key}} {{Value}};\n{{/each}}\n',
  go: 'serial {{getv "/serial"}};\n{{range gets "/backends/*"}}server {{base .Key}} {{.Value}};\n{{end}}',
};

/** Makes conf.d and templates for files in `output`, and resolves with the confdir; each reload adds a line to `output`/reloads. */
export function makeTree(output, language) {
  const confdir = join(output, 'confd');
  for (const name of ['conf.d', 'templates']) mkdirSync(join(confdir, name), { recursive: true });
  writeFileSync(join(confdir, 'templates', 'bench'), TEMPLATES[language]);
  for (let resource = 0; resource < RESOURCES; resource++) {
    const name = resourceName(resource);
    const lines = [
      '[template]',
      'src = "bench"',
      `dest = "${join(output, `${name}.conf`)}"`,
      `prefix = "/bench/${name}"`,
      'keys = ["/"]',
      `reload_cmd = "echo reloaded >> ${join(output, 'reloads')}"`,
    ];
    writeFileSync(join(confdir, 'conf.d', `${name}.toml`), `${lines.join('\n')}\n`);
  }
  return confdir;
}
