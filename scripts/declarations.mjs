// The types of what others import, without a type check: that is `npm run typecheck`'s.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

/** What an import or export of another of our files looks like in a declaration. */
const OWN = /(from |import\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/**
 * Path below `root` (`testing.d.ts`) → text of a declaration file, for each of `entries` and for all that these name. Throws where one of them
 * exports something whose type is not written down.
 */
export function declarations(root, entries) {
  const texts = new Map();
  const left = [...entries];
  for (let file = left.pop(); file !== undefined; file = left.pop()) {
    const path = relative(root, file).replace(/\.ts$/, '.d.ts');
    if (texts.has(path)) continue;
    const { outputText, diagnostics } = ts.transpileDeclaration(readFileSync(file, 'utf8'), {
      fileName: file,
      reportDiagnostics: true,
      compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, declaration: true },
    });
    const fault = diagnostics?.[0];
    if (fault) throw new Error(`${file}: ${ts.flattenDiagnosticMessageText(fault.messageText, ' ')}`);
    for (const [, , , specifier] of outputText.matchAll(OWN)) left.push(join(dirname(file), `${specifier}.ts`));
    texts.set(path, outputText.replace(OWN, '$1$2$3.js$2'));
  }
  return texts;
}
