import { familyName, implementationOf, type KernelFamily, olderVersion } from "../kernels/families";
import type { Hardware } from "../machine/hardware";
import type { MoeMeasurement, SetAside } from "../published/layer-times";
import { type FamilyFit, fitFamily } from "./family";
import { type HeldRow, leaveGenerationOut } from "./held-splits";
import { configurationOf, type ErrorFigures, errorFigures, interpolateRow, isEven, isFitted, predictRow } from "./judge";

/** Error figures of one part of one family's rows; family "all" is every family together. */
export interface StatedError extends ErrorFigures {
  readonly family: string;
  readonly part: string;
}

/** Parts that errors are stated for, in the order of the tables. */
export const parts = [
  "fitted",
  "tokens left out",
  "models left out",
  "power law",
  "another generation's constants",
  "set aside",
  "floor, tokens left out",
  "interpolation, tokens left out",
] as const;

type Machines = (id: string) => Hardware;

/** Fit every family on its rows at every other token count. Families in order of name. */
export async function fitKernels(
  rows: readonly MoeMeasurement[],
  aside: readonly SetAside[],
  hardware: Machines,
  progress: (line: string) => void = () => {},
): Promise<readonly FamilyFit[]> {
  const fits: FamilyFit[] = [];
  const families = byFamily(
    rows.filter((row) => !aside.some((a) => a.matches(row))),
    hardware,
  );
  for (const [name, family] of families) {
    const fit = fitFamily(fittedOf(family), hardware, { borrowed: borrowedFor(family, families) });
    fits.push(fit);
    progress(`${name}: ${fit.rows} rows`);
  }
  return fits;
}

/** Stated errors, and the rows left out that they and data/fit-held.csv rest on. */
export interface Judgement {
  readonly errors: readonly StatedError[];
  readonly held: readonly HeldRow[];
}

/** State the errors of families on the parts of their rows, families one by one and all together; "models left out" fits each anew without a model. */
export async function judgeKernels(
  rows: readonly MoeMeasurement[],
  aside: readonly SetAside[],
  families: readonly KernelFamily[],
  hardware: Machines,
  progress: (line: string) => void = () => {},
): Promise<Judgement> {
  const refits = new Map<string, readonly Pair[]>();
  const held: HeldRow[] = [];
  const kinds = byFamily(
    rows.filter((row) => !aside.some((a) => a.matches(row))),
    hardware,
  );
  for (const [name, family] of kinds) {
    const constants = families.find((f) => f.from === name);
    if (constants !== undefined) {
      const models = await leaveModelsOut(name, family, constants, borrowedFor(family, kinds), hardware);
      refits.set(
        name,
        models.flatMap(({ predicted, row }) => (isEven(row) ? [{ predicted, measured: row.seconds }] : [])),
      );
      const counts = tokenCounts(family);
      const unseen = family.filter((row) => !isFitted(row.tokens, counts));
      held.push(
        ...unseen.map(
          (row) =>
            ({ leftOut: "tokens", family: name, row, predicted: predictRow(row, constants, hardware(row.hardware)).seconds }) as const,
        ),
      );
      held.push(...models, ...leaveGenerationOut(name, family.filter(isEven), families, hardware));
    }
    progress(`${name}: judged on models left out`);
  }
  return { errors: stateErrors(rows, aside, families, hardware, refits), held };
}

/** As judgeKernels, with nothing fitted: "models left out" only where its pairs are given. */
export function stateErrors(
  rows: readonly MoeMeasurement[],
  aside: readonly SetAside[],
  families: readonly KernelFamily[],
  hardware: Machines,
  refits: ReadonlyMap<string, readonly Pair[]> = new Map(),
): readonly StatedError[] {
  const stated: StatedError[] = [];
  const pooled = new Map<string, Pair[]>();
  const judged = rows.filter((row) => !aside.some((a) => !a.judged && a.matches(row)));
  for (const [name, family] of byFamily(judged, hardware)) {
    const constants = families.find((f) => f.from === name);
    if (constants === undefined) continue;
    const pairs: Map<string, readonly Pair[]> = pairsOf(family, constants, aside, hardware);
    const elsewhere = families.find(
      (f) =>
        f.software === undefined &&
        f.kernel === constants.kernel &&
        f.weightFormat === constants.weightFormat &&
        f.generation !== constants.generation,
    );
    if (elsewhere !== undefined) pairs.set("another generation's constants", crossGeneration(family, elsewhere, aside, hardware));
    pairs.set("models left out", refits.get(name) ?? []);
    for (const part of parts) {
      const these = pairs.get(part) ?? [];
      if (these.length === 0) continue;
      stated.push({ family: name, part, ...errorFigures(these) });
      pooled.set(part, [...(pooled.get(part) ?? []), ...these]);
    }
  }
  for (const part of parts) {
    const these = pooled.get(part) ?? [];
    if (these.length > 0) stated.push({ family: "all", part, ...errorFigures(these) });
  }
  return stated;
}

/** A time predicted and the time measured, in seconds. */
export type Pair = { readonly predicted: number; readonly measured: number };

function pairsOf(
  family: readonly MoeMeasurement[],
  constants: KernelFamily,
  aside: readonly SetAside[],
  hardware: Machines,
): Map<string, Pair[]> {
  const counts = tokenCounts(family);
  const pairs = new Map<string, Pair[]>();
  const put = (part: string, predicted: number, row: MoeMeasurement) => {
    const these = pairs.get(part);
    if (these === undefined) pairs.set(part, [{ predicted, measured: row.seconds }]);
    else these.push({ predicted, measured: row.seconds });
  };
  const fitted = new Map<string, MoeMeasurement[]>();
  for (const row of family) {
    if (isFitted(row.tokens, counts)) fitted.set(configurationOf(row), [...(fitted.get(configurationOf(row)) ?? []), row]);
  }
  for (const row of family) {
    const time = predictRow(row, constants, hardware(row.hardware));
    if (aside.some((a) => a.matches(row))) put("set aside", time.seconds, row);
    else if (isFitted(row.tokens, counts)) put("fitted", time.seconds, row);
    else if (!isEven(row)) put("power law", time.seconds, row);
    else {
      put("tokens left out", time.seconds, row);
      put("floor, tokens left out", time.floorSeconds, row);
      const between = interpolateRow(row, fitted.get(configurationOf(row)) ?? []);
      if (between !== undefined) put("interpolation, tokens left out", between, row);
    }
  }
  return pairs;
}

/** Predict rows with the constants of the same kernel on another generation of machines: harder than another machine of the same one. */
function crossGeneration(
  family: readonly MoeMeasurement[],
  elsewhere: KernelFamily,
  aside: readonly SetAside[],
  hardware: Machines,
): Pair[] {
  return family
    .filter((row) => isEven(row) && !aside.some((a) => a.matches(row)))
    .map((row) => ({ predicted: predictRow(row, elsewhere, hardware(row.hardware)).seconds, measured: row.seconds }));
}

/** Models are left out a third at a time. */
const folds = 3;

/** Predict models' rows with constants fitted on the other models' rows; nothing where there is one model only. */
async function leaveModelsOut(
  name: string,
  family: readonly MoeMeasurement[],
  constants: KernelFamily,
  borrowed: readonly MoeMeasurement[],
  hardware: Machines,
): Promise<readonly HeldRow[]> {
  const models = [...new Set(family.map((row) => row.model))].sort();
  if (models.length < 2) return [];
  const counts = tokenCounts(family);
  const pairs: HeldRow[] = [];
  for (let part = 0; part < Math.min(folds, models.length); part++) {
    const held = new Set(models.filter((_, i) => i % folds === part));
    const others = family.filter((row) => !held.has(row.model) && isFitted(row.tokens, counts));
    if (others.length < 30) continue;
    const { family: without } = fitFamily(others, hardware, { tilings: [constants], borrowed });
    for (const row of family) {
      if (!held.has(row.model)) continue;
      pairs.push({ leftOut: "model", family: name, row, predicted: predictRow(row, without, hardware(row.hardware)).seconds });
    }
  }
  return pairs;
}

/** Rows of a family that its constants are fitted on: those at every other token count. */
function fittedOf(family: readonly MoeMeasurement[]): readonly MoeMeasurement[] {
  const counts = tokenCounts(family);
  return family.filter((row) => isFitted(row.tokens, counts));
}

/** What a family of experts without a gate borrows: it has one or two models, and the kernel with a gate that the same code computes has ten. */
function borrowedFor(
  family: readonly MoeMeasurement[],
  families: readonly (readonly [string, readonly MoeMeasurement[]])[],
): readonly MoeMeasurement[] {
  const [first] = family;
  if (first === undefined || family.some((row) => row.shape.expertMatrices !== 2)) return [];
  const made = implementationOf(first.kernel, first.weightFormat);
  const lender = families.find(
    ([, [row]]) =>
      row !== undefined &&
      row.kernel !== first.kernel &&
      row.hardware === first.hardware &&
      row.weightFormat === first.weightFormat &&
      implementationOf(row.kernel, row.weightFormat) === made,
  );
  return lender === undefined ? [] : fittedOf(lender[1]).filter(isEven);
}

/** Rows by family (kernel, format, generation), in order of name. */
export function byFamily(rows: readonly MoeMeasurement[], hardware: Machines): readonly (readonly [string, readonly MoeMeasurement[]])[] {
  const families = new Map<string, MoeMeasurement[]>();
  for (const row of rows) {
    const { generation } = hardware(row.hardware);
    const name = familyName(
      row.kernel,
      row.weightFormat,
      generation,
      olderVersion(row.kernel, row.weightFormat, generation, row.software)?.software,
    );
    const family = families.get(name);
    if (family === undefined) families.set(name, [row]);
    else family.push(row);
  }
  return [...families].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The token counts that rows have, ascending. */
export function tokenCounts(rows: readonly MoeMeasurement[]): readonly number[] {
  return [...new Set(rows.map((row) => row.tokens))].sort((a, b) => a - b);
}
