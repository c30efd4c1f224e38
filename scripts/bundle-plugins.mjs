// What esbuild needs to be told so that the bundle does what the sources do unbundled.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Handlebars from 'handlebars';

/** Whether Node takes the file for CommonJS. */
function isCommonjs(path) {
  if (/\.[cm]js$/.test(path)) return path.endsWith('.cjs');
  let dir = dirname(path);
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
  return JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')).type !== 'module';
}

/**
 * `await import('pkg')` of a CommonJS package gives its names in Node, but with esbuild's splitting only `default`. Such an
 * import gets a module in between that exports the very names that Node finds.
 */
export const commonjsNames = {
  name: 'commonjs-names',
  setup({ onLoad, onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || path.startsWith('node:') || pluginData === commonjsNames) return null;
      const found = await resolve(path, { kind, resolveDir, pluginData: commonjsNames });
      if (found.errors.length > 0 || found.external || !isCommonjs(found.path)) return found;
      return { path: found.path, namespace: 'commonjs-names', pluginData: { specifier: path } };
    });
    onLoad({ filter: /./, namespace: 'commonjs-names' }, async ({ path, pluginData: { specifier } }) => {
      const names = Object.keys(await import(specifier)).filter((name) => /^[\w$]+$/.test(name) && name !== 'default');
      const contents = [
        `const whole = require(${JSON.stringify(path)});`,
        ...names.map((name, at) => `const name${at} = whole.${name};`),
        `export { ${['whole as default', ...names.map((name, at) => `name${at} as ${name}`)].join(', ')} };`,
      ].join('\n');
      return { contents, resolveDir: dirname(path), loader: 'js' };
    });
  },
};

/** Where in a template something stands, for the message when it goes wrong: Handlebars hands it to every look-up, as a new object. */
const PLACE = /\{"start":\{"line":\d+,"column":\d+\},"end":\{"line":\d+,"column":\d+\}\}/g;

/** A compiled template whose places are made once. */
function withConstantPlaces(compiled) {
  const places = [...new Set(compiled.match(PLACE))];
  const code = compiled.replace(PLACE, (place) => `places[${places.indexOf(place)}]`);
  return `((places) => (${code}))([${places.join(',')}])`;
}

/** Fills src/render/precompiled.ts with the built-in templates, compiled as src/render/environment.ts would compile them. */
export const precompiledTemplates = (templates) => ({
  name: 'precompiled-templates',
  setup({ onLoad, esbuild }) {
    onLoad({ filter: /[\\/]src[\\/]render[\\/]precompiled\.ts$/ }, async ({ path }) => {
      const options = { entryPoints: [join(dirname(path), 'compile-options.ts')], bundle: true, write: false };
      const { outputFiles } = await esbuild.build({ ...options, format: 'esm', platform: 'node' });
      const source = Buffer.from(outputFiles[0].contents).toString('base64');
      const { COMPILE_OPTIONS } = await import(`data:text/javascript;base64,${source}`);
      const texts = readdirSync(templates, { recursive: true })
        .filter((name) => name.endsWith('.hbs'))
        .sort()
        .map((name) => readFileSync(join(templates, name), 'utf8'));
      const entries = [...new Set(texts)].map(
        (text) => `[${JSON.stringify(text)}, ${withConstantPlaces(Handlebars.precompile(text, COMPILE_OPTIONS))}]`,
      );
      return { contents: `export const PRECOMPILED = new Map([${entries.join(',\n')}]);`, loader: 'js' };
    });
  },
});

/** An own module that is loaded when it is used, as the sources write it. */
const LAZY = /\bawait import\(['"](\.[^'"]+)['"]\)/g;

/**
 * Own modules that are loaded when they are used, several of them by one import: what they share stands in a file of its own for every
 * set of them that shares it, and to find, read and link dozens of small files takes longer than to read a verb that was not called.
 * `groups`: lists of modules. One that is in no list stays alone.
 */
export const loadedTogether = (groups) => ({
  name: 'loaded-together',
  setup({ onLoad, onResolve }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replace(LAZY, (whole, specifier) => {
        const target = join(dirname(path), specifier);
        const group = Object.keys(groups).find((name) => groups[name].includes(target));
        return group ? `(await import('group:${group}')).part${groups[group].indexOf(target)}` : whole;
      });
      return contents === source ? null : { contents, loader: 'ts' };
    });
    onResolve({ filter: /^group:/ }, ({ path }) => ({ path: path.slice('group:'.length), namespace: 'group' }));
    onLoad({ filter: /./, namespace: 'group' }, ({ path: group }) => ({
      contents: groups[group].map((path, at) => `export * as part${at} from ${JSON.stringify(path)};`).join('\n'),
      loader: 'js',
      resolveDir: '/',
    }));
  },
});

/** What packages load that is for other uses of them: an importing file, and what it asks for there. */
const LEFT_OUT = [
  // A server of grpc, and what describes one to others.
  [/[\\/]grpc-js[\\/]build[\\/]src[\\/]index\.js$/, /^\.\/(server|server-interceptors|server-credentials|admin)$/],
  [/[\\/]grpc-js[\\/]build[\\/]src[\\/](channelz|orca)\.js$/, /^@grpc\/proto-loader$/],
  // Verbs that are programs of their own.
  [/[\\/]commander[\\/]lib[\\/]command\.js$/, /^node:child_process$/],
];

/** Puts an empty module in place of what is for other uses of a package. */
export const leftOut = {
  name: 'left-out',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /./ }, ({ path, importer }) =>
      LEFT_OUT.some(([by, what]) => by.test(importer) && what.test(path)) ? { path, namespace: 'left-out' } : null,
    );
    onLoad({ filter: /./, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
  },
};
