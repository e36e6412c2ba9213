import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../notebooks/jupyter/project.mjs";

export interface Cell {
  readonly cell_type: string;
  readonly id: string;
  readonly source: string | readonly string[];
  readonly metadata: { readonly tags?: readonly string[] };
}
export interface Notebook {
  readonly cells: readonly Cell[];
}
/** What a cell showed, by MIME type. */
export type Shown = Readonly<Record<string, unknown>>;

const load = createRequire(join(root, "package.json"));

export const readNotebook = (path: string): Notebook => JSON.parse(readFileSync(path, "utf8"));
export const sourceOf = ({ source }: Cell): string => (typeof source === "string" ? source : source.join(""));

/**
 * Run the code cells of a notebook as one program in this process, with the built package: a second where the kernel
 * takes many. What the kernel does to a cell is tested elsewhere.
 *
 * @throws Error that names the cell.
 */
export function runCells({ cells }: Notebook): readonly Shown[] {
  const shown: Shown[] = [];
  const jupyter = load("tslab/dist/jupyter") as { lastWriteDisplayData: unknown };
  jupyter.lastWriteDisplayData = ({ data }: { data: Shown }) => shown.push(data);
  let current = 0;
  const program = cells.map((cell, i) => (cell.cell_type === "code" ? `startCell(${i + 1});\n${sourceOf(cell)}` : "")).join("\n");
  const { outputText } = ts.transpileModule(program, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
  });
  try {
    new Function("require", "exports", "startCell", outputText)(load, {}, (cell: number) => {
      current = cell;
    });
  } catch (error) {
    throw new Error(`cell ${current}: ${(error as Error).message}`);
  } finally {
    jupyter.lastWriteDisplayData = null;
  }
  return shown;
}

/** Texts and numbers in what was shown that no reader should see. */
export function oddities(shown: readonly Shown[]): readonly string[] {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value === "number" && !Number.isFinite(value)) found.push(String(value));
    else if (typeof value === "string" && /\bNaN\b|\bundefined\b|Infinity|\[object/.test(value)) found.push(value);
    else if (Array.isArray(value)) value.forEach(look);
    else if (value !== null && typeof value === "object") Object.values(value).forEach(look);
  };
  look(shown);
  return found;
}
