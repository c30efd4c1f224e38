import { isBuiltin } from 'node:module';
import ts from 'typescript';

/** One import, re-export, dynamic import or `import('…')` type; type-only ones count like any other. */
export interface ImportFact {
  readonly specifier: string;
  readonly kind: 'relative' | 'builtin' | 'npm';
  /** The imported names; `*` for a namespace, a default import, a side effect or a dynamic import. */
  readonly names: readonly string[];
  /** Whether nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/** What the layering test asks of one TypeScript file, read from its syntax tree: comments and strings do not count. */
export interface SourceFacts {
  readonly imports: readonly ImportFact[];
  readonly lines: number;
  readonly hasDefaultExport: boolean;
  /** Uses of ambient state, each once: `process.env`, `process.exit`, `Date.now`, `new Date()`, `console` … */
  readonly ambient: ReadonlySet<string>;
}

const ambientGlobals = new Set(
  'console performance fetch setTimeout setInterval setImmediate process globalThis'.split(' '),
);

function namesOf(node: ts.ImportDeclaration | ts.ExportDeclaration): readonly string[] {
  const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
  const named = bindings && (ts.isNamedImports(bindings) || ts.isNamedExports(bindings)) ? bindings.elements : null;
  const whole = !named || (ts.isImportDeclaration(node) && node.importClause?.name !== undefined);
  return [...(named ?? []).map((element) => (element.propertyName ?? element.name).text), ...(whole ? ['*'] : [])];
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  if (node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = node.importClause?.namedBindings;
  return !!named && ts.isNamedImports(named) && !node.importClause.name && named.elements.every((e) => e.isTypeOnly);
}

type Found = Pick<ImportFact, 'names' | 'typeOnly'> & { readonly specifier: ts.Node };

function importOf(node: ts.Node): Found | null {
  if (ts.isImportDeclaration(node) || (ts.isExportDeclaration(node) && node.moduleSpecifier))
    return { specifier: node.moduleSpecifier!, names: namesOf(node), typeOnly: isTypeOnly(node) };
  if (ts.isImportTypeNode(node)) return { specifier: node.argument, names: ['*'], typeOnly: true };
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return { specifier: node.arguments[0]!, names: ['*'], typeOnly: false };
  return null;
}

function ambientOf(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node) && /(^|\.)process$/.test(node.expression.getText()))
    return `process.${node.name.text}`;
  if (ts.isPropertyAccessExpression(node) && node.getText() === 'Date.now') return 'Date.now';
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (node.getText() === 'Math.random') return 'Math.random';
  // A name after a dot or before a colon is a property that happens to be called so.
  const isProperty =
    (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) ||
    (ts.isPropertyAssignment(node.parent) && node.parent.name === node);
  return ts.isIdentifier(node) && ambientGlobals.has(node.text) && !isProperty ? node.text : null;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return ts.canHaveModifiers(node) && !!ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.DefaultKeyword);
}

/** The facts of a file's text; never throws, an unreadable specifier (not a literal) is kept as its source text. */
export function sourceFacts(text: string): SourceFacts {
  const imports: ImportFact[] = [];
  const ambient = new Set<string>();
  let hasDefaultExport = false;
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found) {
      const literal = ts.isLiteralTypeNode(found.specifier) ? found.specifier.literal : found.specifier;
      const specifier = ts.isStringLiteralLike(literal) ? literal.text : literal.getText();
      const kind = specifier.startsWith('.') ? 'relative' : isBuiltin(specifier) ? 'builtin' : 'npm';
      imports.push({ specifier, kind, names: found.names, typeOnly: found.typeOnly });
    }
    const use = ambientOf(node);
    if (use) ambient.add(use);
    hasDefaultExport ||= isDefaultExport(node);
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2023, true), visit);
  return { imports, lines: text.split('\n').length - 1, hasDefaultExport, ambient };
}
