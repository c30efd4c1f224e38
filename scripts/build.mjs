#!/usr/bin/env node
// Bundles src/main.ts into dist/, which then runs anywhere without node_modules: main.js, the library testing.js with its
// types/, chunks/ that verbs load when they are used, templates/, and the notices of what was bundled.
//   node scripts/build.mjs [--entry FILE] [--outdir DIR]
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { commonjsNames, leftOut, loadedTogether, precompiledTemplates } from './bundle-plugins.mjs';
import { declarations } from './declarations.mjs';
import { etcdProtocol } from './etcd-protocol.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values: options } = parseArgs({
  options: {
    entry: { type: 'string', default: join(root, 'src/main.ts') },
    outdir: { type: 'string', default: join(root, 'dist') },
  },
});
const outdir = resolve(options.outdir);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** What others import, by the name of its file in dist/. */
const LIBRARY = {
  testing: join(root, 'src/testing.ts'),
  'testing-vitest': join(root, 'src/testing-vitest.ts'),
};

const golden = (name) => `golden/${name}`;
const sources = (...names) => names.map((name) => join(root, 'src', `${name}.ts`));

/** Which of the modules that are loaded when they are used are loaded together. */
const GROUPS = {
  reading: sources('cli/render', 'cli/plan', 'cli/explain', 'cli/check'),
  service: sources('cli/run', 'cli/boot', 'cli/operate', 'cli/status'),
  harness: sources(
    ...['test', 'template-diff', 'capture', 'graph', 'plan-all-nodes', 'support'].map((verb) => `cli/${verb}`),
    ...['templates', 'render-scenario', 'run-case', 'scenario', 'daemon-report', 'describe', 'redact'].map(golden),
    ...['statement-changes', 'text-diff', 'run-tests', 'test-case', 'terminal-report'].map(golden),
    ...['junit-report', 'markdown-report', 'html-report'].map(golden),
    'host/read-templates',
  ),
};

/** The licence texts of every package that has code in the bundle, and the notices that stand in their sources. */
function thirdPartyNotices(metafile, legalComments) {
  const homes = new Set(
    Object.keys(metafile.inputs).flatMap((input) => input.match(/^[^:]*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? []),
  );
  const notices = [...homes].sort().map((home) => {
    const about = JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8'));
    const files = readdirSync(join(root, home))
      .filter((name) => /^(licen[cs]e|notice|copying)/i.test(name))
      .sort();
    const texts = files.map((name) => readFileSync(join(root, home, name), 'utf8').trim());
    return [`${about.name} ${about.version} (${about.license})`, ...texts].join('\n\n');
  });
  return `${[...notices, ...new Set(legalComments)].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

/** Path in dist/ → bytes of everything that belongs there. */
async function bundle() {
  const result = await build({
    absWorkingDir: root,
    entryPoints: { main: options.entry, ...LIBRARY },
    outdir,
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // Whoever uses the matcher has vitest; @redis/client would load the other if it were there, and does without.
    external: ['vitest', '@node-rs/xxhash'],
    target: 'node20.19',
    define: { BIRDCONFD_VERSION: JSON.stringify(version) },
    // What comes as CommonJS asks for builtins with require(), which an ES module does not have.
    banner: {
      js: "import { createRequire as $createRequire } from 'node:module';\nconst require = $createRequire(import.meta.url);",
    },
    legalComments: 'external',
    metafile: true,
    write: false,
    logLevel: 'warning',
    plugins: [
      leftOut,
      etcdProtocol,
      commonjsNames,
      precompiledTemplates(join(root, 'templates')),
      loadedTogether(GROUPS),
    ],
  });
  const isNotice = (file) => file.path.endsWith('.LEGAL.txt');
  const notices = result.outputFiles.filter(isNotice).map((file) => file.text.trim());
  const code = result.outputFiles.filter((file) => !isNotice(file));
  const files = new Map(code.map((file) => [relative(outdir, file.path), Buffer.from(file.contents)]));
  const main = files.get('main.js');
  if (!main.toString().startsWith('#!'))
    files.set('main.js', Buffer.concat([Buffer.from('#!/usr/bin/env node\n'), main]));
  files.set('THIRD-PARTY.txt', Buffer.from(thirdPartyNotices(result.metafile, notices)));
  for (const [path, text] of declarations(join(root, 'src'), Object.values(LIBRARY)))
    files.set(join('types', path), Buffer.from(text));
  const templates = join(root, 'templates');
  for (const path of filesBelow(templates)) files.set(join('templates', path), readFileSync(join(templates, path)));
  return files;
}

/** The paths of all files below `dir`, relative to it; none where it is absent. */
function filesBelow(dir) {
  if (!existsSync(dir)) return [];
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return entries.map((entry) => relative(dir, join(entry.parentPath, entry.name))).sort();
}

/** Writes one file so that a reader sees its old bytes or its new ones; equal bytes are left alone. */
function put(path, bytes, mode) {
  if (existsSync(path) && readFileSync(path).equals(bytes)) return chmodSync(path, mode);
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, bytes, { mode });
  renameSync(temporary, path);
}

// Others may run dist/ meanwhile: main.js changes last, once all that it loads is there (chunks carry their hash in their
// names), and only what was there before this build began is removed, so that two builds cannot take each other's files.
const before = filesBelow(outdir);
const files = await bundle().catch((error) => {
  // esbuild has shown what it could not build; a stack of this script would only hide it.
  if (error.errors) process.exit(1);
  throw error;
});
for (const [path, bytes] of files) if (path !== 'main.js') put(join(outdir, path), bytes, 0o644);
put(join(outdir, 'main.js'), files.get('main.js'), 0o755);
for (const path of before) if (!files.has(path)) rmSync(join(outdir, path), { force: true });
