import { type FamilyKey, familyName, type MixerFamily, workOf } from "../kernels/attention/attention-families";
import { idleConstants, lawTime, type MixerConstants, type MixerRates } from "../kernels/attention/attention-law";
import { ratesFor } from "../kernels/attention/attention-plan";
import { demandOf, type MixerDemand } from "../kernels/attention/mixer-demand";
import type { Hardware } from "../machine/hardware";
import type { AttentionMeasurement } from "../published/attention-times";
import { type ErrorFigures, errorFigures } from "./judge";
import { solveFit } from "./solver";

/** A family's constants, and how far predictions are from its rows, fitted and left out. */
export interface AttentionFit {
  readonly key: FamilyKey;
  readonly constants: MixerConstants;
  readonly names: readonly (keyof MixerConstants)[];
  readonly relativeErrors: readonly (number | undefined)[];
  readonly tileRows: number;
  readonly unitRows: number;
  /** Of the longest request among the rows, past and new. */
  readonly longestTokens: number;
  readonly rows: number;
  readonly held: readonly Judged[];
}

/** A measured row and what was predicted for it by constants that did not see its geometry. */
export interface Judged {
  readonly row: AttentionMeasurement;
  readonly predicted: number;
  readonly measured: number;
}

type Bounds = readonly [start: number, lower: number, upper: number, spread?: number];

const core: Partial<Record<keyof MixerConstants, Bounds>> = {
  fixedSeconds: [1e-5, 1e-6, 3e-4],
  unitSeconds: [1e-6, 1e-9, 3e-5],
  memoryEfficiency: [0.8, 0.05, 1.1, 0.2],
  cacheEfficiency: [0.5, 0.05, 4, 0.5],
  cacheShare: [0.7, 0.1, 2, 0.3],
  arithmeticEfficiency: [0.4, 0.003, 2],
  overlapExponent: [3, 1, 8, 0.5],
};
const cutting: typeof core = { mostParts: [16, 1, 256], streamShare: [4, 1, 40, 0.7] };
const ofLayer: typeof core = {
  tokenBytes: [1e5, 100, 1e8],
  weightEfficiency: [0.8, 0.1, 1.2, 0.3],
  productEfficiency: [0.5, 0.03, 1.2, 0.5],
};
const ofIndex: typeof core = { indexEfficiency: [0.3, 0.01, 2, 1], indexMemoryEfficiency: [0.6, 0.05, 1.1, 0.3] };
/**
 * Of a sparse layer's prompts: half the heads of an indexer do not take half its time, so that what is due to each scored pair
 * stands apart from its arithmetic, and that is held to what other products in FP8 reach.
 */
const ofPairs: typeof core = { indexEfficiency: [0.3, 0.1, 1, 0.3], pairBytes: [20, 1, 3000, 1], choiceBytes: [1e5, 1e3, 1e8, 2] };

/** The constants that a family's rows can tell, where they start and between what they lie. */
function boundsOf(key: FamilyKey, rows: readonly AttentionMeasurement[]): typeof core {
  const layer = key.work.endsWith("layer");
  const scores = rows.some((r) => "indexer" in r.mixer && r.mixer.indexer?.scores === true);
  const reaching = rows.some(
    (r) => "window" in r.mixer || r.mixer.kind === "block-selected" || (r.mixer.kind === "latent" && r.mixer.indexer !== undefined),
  );
  const recurrence = key.work === "gated-delta" || key.work === "kimi-delta";
  return {
    ...core,
    ...(key.phase === "decode" && !key.work.endsWith("convolution") && !recurrence ? cutting : {}),
    ...(key.phase === "decode" && key.work === "grouped" ? { wideGroupCost: [1, 0.3, 40, 1] as const } : {}),
    ...(key.phase === "prefill" && reaching ? { outsideShare: [0.02, 1e-4, 1.5, 2] as const } : {}),
    ...(key.phase === "prefill" && key.work.endsWith("convolution") ? { chunkSeconds: [1e-7, 1e-10, 2e-5] as const } : {}),
    ...(recurrence ? { chunkSeconds: [1e-6, 1e-8, 2e-5] as const } : {}),
    ...(layer ? ofLayer : {}),
    ...(scores ? ofIndex : {}),
    ...(scores && key.phase === "prefill" && key.work === "sparse latent layer" ? ofPairs : {}),
    ...(key.phase === "prefill" && (layer || recurrence || key.work.endsWith("convolution"))
      ? { hostSeconds: [Math.min(...rows.map((r) => r.seconds)), 1e-6, 5e-3] as const }
      : {}),
  };
}

/** Tiles that decode kernels are tried with: query rows of a tile of arithmetic, and of a unit of work. */
const tiles = [
  [1, 1],
  [16, 1],
  [16, 16],
  [64, 64],
  [128, 128],
] as const;

const prefillTiles = [
  [16, 16],
  [64, 64],
  [128, 128],
] as const;

function tilesOf({ phase, work }: FamilyKey): readonly (readonly [number, number])[] {
  if (work.endsWith("convolution") || work.endsWith("delta")) return [[64, 64]];
  if (phase === "decode") return tiles;
  return work.endsWith("layer") ? [[128, 128]] : prefillTiles;
}

/** Rows of a family, spread over all of them, beyond which more tell little. */
const mostRows = 700;

/** Group rows by family, in order of name. */
export function byFamily(
  rows: readonly AttentionMeasurement[],
  hardware: (id: string) => Hardware,
): readonly (readonly [FamilyKey, readonly AttentionMeasurement[]])[] {
  const found = new Map<string, { key: FamilyKey; rows: AttentionMeasurement[] }>();
  for (const row of rows) {
    const key = keyOf(row, hardware(row.machine));
    const name = familyName(key);
    const family = found.get(name) ?? { key, rows: [] };
    family.rows.push(row);
    found.set(name, family);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { key, rows }]) => [key, rows] as const);
}

function keyOf(row: AttentionMeasurement, { generation }: Hardware): FamilyKey {
  const { phase, kernel, cacheFormat, arithmetic } = row;
  return { work: workOf(row.mixer, row.part), phase, kernel, generation, cacheFormat, arithmetic };
}

/** Whether a geometry is left out when errors are stated: one in three, by its name. */
export function isHeldGeometry(geometry: string): boolean {
  let hash = 2166136261;
  for (const letter of geometry) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0;
  return (hash >>> 7) % 3 === 0;
}

/** Fit one family on all its rows, and state its errors on geometries left out of a fit of the others. */
export function fitAttention(key: FamilyKey, rows: readonly AttentionMeasurement[], hardware: (id: string) => Hardware): AttentionFit {
  const seen = rows.filter((r) => !isHeldGeometry(r.geometry));
  const held = rows.filter((r) => isHeldGeometry(r.geometry));
  const judged: Judged[] = [];
  if (held.length >= 5 && seen.length >= 20) {
    const without = best(key, seen, hardware);
    held.forEach((row) => {
      judged.push({ row, measured: row.seconds, predicted: predictRow(row, without, hardware(row.machine)) });
    });
  }
  const longestTokens = Math.max(...rows.map((r) => r.contextTokens + r.newTokens));
  return { ...best(key, rows, hardware), longestTokens, rows: rows.length, held: judged };
}

function best(
  key: FamilyKey,
  rows: readonly AttentionMeasurement[],
  hardware: (id: string) => Hardware,
): Omit<AttentionFit, "longestTokens" | "rows" | "held"> {
  const tried = tilesOf(key);
  const some =
    rows.length <= mostRows
      ? rows
      : rows.filter((_, i) => Math.floor((i * mostRows) / rows.length) !== Math.floor(((i - 1) * mostRows) / rows.length));
  let winner: (Omit<AttentionFit, "longestTokens" | "rows" | "held"> & { loss: number }) | undefined;
  for (const [tileRows, unitRows] of tried) {
    const bounds = Object.entries(boundsOf(key, some)) as [keyof MixerConstants, Bounds][];
    const names = bounds.map(([name]) => name);
    const samples = some.map((row) => sampleOf(row, tileRows, unitRows, hardware(row.machine)));
    const { constants, relativeErrors, loss } = solveFit({
      names,
      start: bounds.map(([, b]) => b[0]),
      lower: bounds.map(([, b]) => b[1]),
      upper: bounds.map(([, b]) => b[2]),
      priors: bounds.map(([, b]) => (b[3] === undefined ? undefined : { value: b[0], spread: b[3] })),
      measured: some.map((r) => r.seconds),
      predict: (values, seconds) => {
        const c = { ...idleConstants, ...Object.fromEntries(names.map((name, i) => [name, values[i] as number])) };
        samples.forEach(({ demand, rates }, i) => {
          seconds[i] = lawTime(c, demand, rates, true).seconds;
        });
      },
    });
    if (winner === undefined || loss < winner.loss) {
      const found = { ...idleConstants, ...Object.fromEntries(names.map((name, i) => [name, constants[i] as number])) };
      winner = { key, constants: found, names, relativeErrors, tileRows, unitRows, loss };
    }
  }
  return winner as Omit<AttentionFit, "longestTokens" | "rows" | "held">;
}

interface Sample {
  readonly demand: MixerDemand;
  readonly rates: MixerRates;
}

function sampleOf(row: AttentionMeasurement, tileRows: number, unitRows: number, hardware: Hardware): Sample {
  const { mixer, hiddenSize, part, phase, cacheFormat, arithmetic, kernel } = row;
  const weightFormat = part === "layer" ? arithmetic : "bfloat16";
  const setting = {
    mixer,
    hiddenSize,
    part,
    phase,
    cacheFormat,
    weightFormat: weightFormat as "bfloat16",
    tileRows,
    unitRows,
    expanded: kernel.includes("dense_mha"),
  };
  return { demand: demandOf(setting)(row.requests, row.contextTokens, row.newTokens), rates: ratesFor(hardware, part, phase, arithmetic) };
}

/** Predict a row, warm, with the constants of a family: its time, or its floor. */
export function predictRow(
  row: AttentionMeasurement,
  family: Pick<MixerFamily, "constants" | "tileRows" | "unitRows">,
  hardware: Hardware,
  what: "seconds" | "floorSeconds" = "seconds",
): number {
  const { demand, rates } = sampleOf(row, family.tileRows, family.unitRows, hardware);
  return lawTime(family.constants, demand, rates, true)[what];
}

/** One line of data/attention-errors.csv: how far predictions are off, by what. */
export interface AttentionError extends ErrorFigures {
  readonly by: "family" | "phase" | "kind" | "machine" | "geometry" | "another generation";
  readonly what: string;
}

/** Error figures of rows left out, by family, by kind, by machine, by geometry. */
export function attentionErrors(
  held: readonly (readonly [string, readonly Judged[]])[],
  elsewhere: readonly Judged[] = [],
): readonly AttentionError[] {
  const all = held.flatMap(([, rows]) => rows);
  return [
    ...grouped("phase", all, ({ row }) => row.phase),
    ...grouped("kind", all, ({ row }) => `${row.phase} ${row.kind}`),
    ...grouped("machine", all, ({ row }) => `${row.phase} ${row.machine} ${row.kind}`),
    ...grouped("geometry", all, ({ row }) => `${row.phase} ${row.kind} ${row.geometry}`),
    ...grouped("another generation", elsewhere, ({ row }) => `${row.phase} ${row.kind} ${row.machine}`),
    ...held.flatMap(([name, rows]) => (rows.length === 0 ? [] : [{ by: "family" as const, what: name, ...errorFigures(rows) }])),
  ];
}

function grouped(by: AttentionError["by"], rows: readonly Judged[], name: (row: Judged) => string): AttentionError[] {
  const groups = new Map<string, Judged[]>();
  for (const row of rows) {
    const these = groups.get(name(row));
    if (these === undefined) groups.set(name(row), [row]);
    else these.push(row);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, these]) => ({ by, what, ...errorFigures(these) }));
}

/** Predict each family's rows with the constants of the same kernel and formats on another generation of machines: harder than another machine of its own. */
export function crossGeneration(
  fits: readonly AttentionFit[],
  families: readonly (readonly [FamilyKey, readonly AttentionMeasurement[]])[],
  hardware: (id: string) => Hardware,
): readonly Judged[] {
  return families.flatMap(([key, rows]) => {
    const twin = fits.find(
      (f) => f.key.generation !== key.generation && familyName({ ...f.key, generation: "" }) === familyName({ ...key, generation: "" }),
    );
    if (twin === undefined) return [];
    return rows.map((row) => ({ row, measured: row.seconds, predicted: predictRow(row, twin, hardware(row.machine)) }));
  });
}
