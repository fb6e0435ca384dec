import { posix } from 'node:path';
import { type ESTree, parseSync, Visitor } from 'vite';

/** A source file as the repository has it: its path from the root with forward slashes, and its text. */
export interface SourceFile {
  path: string;
  text: string;
}

/** One place where a file names a module, whatever the form. */
export interface ImportSite {
  file: string;
  /** 1-based. */
  line: number;
  /** As written; absent when it is computed, so that nobody can tell what is loaded. */
  specifier: string | undefined;
}

/** The text of a literal, or of a template without a placeholder. */
function literalText(node: ESTree.Node | null | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0)
    return node.quasis[0]?.value.cooked ?? undefined;
  return undefined;
}

/** `new URL('./worker.ts', import.meta.url)` names a module as an import does: workers are started like this. */
function moduleUrl(node: ESTree.NewExpression): string | undefined {
  const first = literalText(node.arguments[0]);
  const isUrl =
    node.callee.type === 'Identifier' && node.callee.name === 'URL' && node.arguments.length === 2;
  return isUrl && first !== undefined && /\.[cm]?[jt]s$/.test(first) ? first : undefined;
}

/**
 * Every import of a file: static, type-only, for its effect, re-export, dynamic, in a type, `import x = require()`,
 * `require()` and module URLs.
 * @throws when the file is no valid TypeScript
 */
export function importsOf(file: SourceFile): ImportSite[] {
  const { program, errors } = parseSync(file.path, file.text);
  if (errors[0] !== undefined) throw new Error(`${file.path} cannot be parsed: ${errors[0].message}`);
  const sites: ImportSite[] = [];
  const add = (node: ESTree.Node, specifier: string | undefined): void => {
    const line = file.text.slice(0, node.start).split('\n').length;
    sites.push({ file: file.path, line, specifier });
  };
  new Visitor({
    ImportDeclaration: (node) => add(node, node.source.value),
    ExportAllDeclaration: (node) => add(node, node.source.value),
    ExportNamedDeclaration: (node) => {
      if (node.source) add(node, node.source.value);
    },
    ImportExpression: (node) => add(node, literalText(node.source)),
    TSImportType: (node) => add(node, literalText(node.source)),
    TSExternalModuleReference: (node) => add(node, literalText(node.expression)),
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require') {
        add(node, literalText(node.arguments[0]));
      }
    },
    NewExpression: (node) => {
      const specifier = moduleUrl(node);
      if (specifier !== undefined) add(node, specifier);
    },
  }).visit(program);
  return sites;
}

/** The path from the root that a relative specifier means; undefined for a package. */
export function targetPath(site: ImportSite & { specifier: string }): string | undefined {
  if (!site.specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(site.file), site.specifier);
}

/** `@scope/name` or `name`, without what is asked for inside the package. */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
