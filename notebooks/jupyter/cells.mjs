/**
 * Type checking of notebook cells: the code cells of a notebook, in order, as one module, read by the
 * TypeScript that the kernel carries and found at the place where the notebook lies.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { notebooks, root } from "./project.mjs";

const require = createRequire(join(root, "package.json"));

/** The messages about all notebooks of a folder: "01-topic, cell 4, line 2: what is wrong". */
export function checkCells(folder) {
  const ts = require("@tslab/typescript-for-tslab");
  const modules = new Map(notebooks(folder).map((notebook) => [`${notebook.path.replaceAll("\\", "/")}.ts`, moduleOf(notebook)]));
  // The kernel's own settings, and strictness for what a reader learns from.
  const options = {
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.NodeJs,
    target: ts.ScriptTarget.ES2022,
    esModuleInterop: true,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    types: ["node"],
    typeRoots: [join(root, "node_modules", "@types")],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, readFile, fileExists } = host;
  host.fileExists = (path) => modules.has(path) || fileExists.call(host, path);
  host.readFile = (path) => modules.get(path)?.text ?? readFile.call(host, path);
  host.getSourceFile = (path, ...rest) =>
    modules.has(path) ? ts.createSourceFile(path, modules.get(path).text, options.target) : getSourceFile.call(host, path, ...rest);
  const program = ts.createProgram([...modules.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const words = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n    ");
    const module = modules.get(diagnostic.file?.fileName);
    if (module === undefined) return diagnostic.file ? `${basename(diagnostic.file.fileName)}: ${words}` : words;
    const { cell, line } = module.lines[diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start).line];
    return `${module.name}, cell ${cell}, line ${line}: ${words}`;
  });
}

/** The text of all code cells, and for each line the cell (counted over all cells) and line it came from. */
function moduleOf({ name, path }) {
  const { cells } = JSON.parse(readFileSync(path, "utf8"));
  const parts = ["export {};"];
  const lines = [{ cell: 0, line: 0 }];
  cells.forEach(({ cell_type, source }, index) => {
    if (cell_type !== "code") return;
    for (const [i, line] of (Array.isArray(source) ? source.join("") : source).split("\n").entries()) {
      parts.push(line);
      lines.push({ cell: index + 1, line: i + 1 });
    }
  });
  return { name, text: parts.join("\n"), lines };
}
