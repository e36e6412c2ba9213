import { number, parseRows, text } from "../data/rows";
import { hardware } from "../machine/hardware";
import { quantile } from "../statistics";
import type { EngineConstant, HeldOut } from "./engine-fit";
import type { StepPair } from "./step-rows";

/** How far steps of one kind of deployment are off: measured / predicted - 1, above zero where the model is too fast. */
export interface StepError {
  /** As the row's own kernel, the default, or rows left out of the fit. */
  readonly asked: string;
  readonly by: string;
  readonly what: string;
  readonly rows: number;
  /** Median with its sign. */
  readonly signed: number;
  readonly median: number;
  readonly p90: number;
  /** Share of rows in the answer's band. */
  readonly inBand: number;
}

type Ratio = { readonly pair: StepPair; readonly predicted: number };

const kinds: Readonly<Record<string, (pair: StepPair) => string>> = {
  all: () => "all",
  model: ({ row }) => row.model ?? "",
  machine: ({ row }) => row.machine,
  engine: ({ family }) => family,
  "requests a GPU": ({ row }) => String(2 ** Math.round(Math.log2((row.requests ?? 1) / row.gpus))),
  split: ({ row }) => splitOf(row),
  format: ({ row }) => `${row.weightFormat} ${hardware(row.machine).generation}`,
  source: ({ row }) => row.source,
};

/** In words: what of attention and experts is cut or dealt out. */
export function splitOf({ gpus, dataParallel, expertParallel }: StepPair["row"]): string {
  if (gpus === 1) return "one GPU";
  if (dataParallel > 1) return "attention dealt out, experts dealt out";
  return expertParallel > 1 ? "attention cut, experts dealt out" : "all cut";
}

/** Errors of pairs under one way of asking, all together and by each kind. */
export function stepErrors(asked: string, ratios: readonly Ratio[]): readonly StepError[] {
  return Object.entries(kinds).flatMap(([by, of]) => {
    const groups = new Map<string, Ratio[]>();
    for (const ratio of ratios) {
      const what = of(ratio.pair);
      const group = groups.get(what);
      if (group === undefined) groups.set(what, [ratio]);
      else group.push(ratio);
    }
    return [...groups].sort(([a], [b]) => order(a, b)).map(([what, group]) => ({ asked, by, what, ...figures(group) }));
  });
}

const order = (a: string, b: string): number => Number(a) - Number(b) || (a < b ? -1 : 1);

function figures(ratios: readonly Ratio[]) {
  const errors = ratios.map(({ pair, predicted }) => pair.measured / predicted - 1).sort((a, b) => a - b);
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const within = ratios.filter(({ pair, predicted }) => {
    const { low, high } = pair.step.errorBand;
    const scale = predicted / pair.step.seconds;
    return pair.measured >= low * scale && pair.measured <= high * scale;
  });
  return {
    rows: errors.length,
    signed: quantile(errors, 0.5),
    median: quantile(sizes, 0.5),
    p90: quantile(sizes, 0.9),
    inBand: within.length / errors.length,
  };
}

/** Predictions as they stand. */
export const asTheyStand = (pairs: readonly StepPair[]): readonly HeldOut[] => pairs.map((pair) => ({ pair, predicted: pair.predicted }));

const digits = (value: number, count = 4): string => (Number.isFinite(value) ? String(Number(value.toPrecision(count))) : "");

/** The text of data/engines.csv. */
export function enginesCsv(constants: readonly EngineConstant[]): string {
  const lines = constants.map(({ family, constant, value, least, most, rows, of }) => {
    const [engine, generation] = family.split(" ");
    const unit = constant.endsWith("Seconds") ? "s" : "ratio";
    return [engine, generation, constant, digits(value), digits(least), digits(most), unit, rows, of.join("; ")].join(",");
  });
  return [
    "# Written by npm run fit, on data/measurements/end-to-end.csv. Times: least and most as each source, model and machine was left out.",
    "# Band: measured over predicted of rows left out, at a tenth and nine tenths; least and most are those at a twentieth and a quarter, and at three quarters and 19 in 20.",
    "# rows and of: the steps that a value rests on, and whose they are; none where the time was not measured and is not carried.",
    "engine,generation,constant,value,least,most,unit,rows,of",
    ...lines,
    "",
  ].join("\n");
}

/** The text of data/step-errors.csv. */
export function stepErrorsCsv(errors: readonly StepError[]): string {
  const lines = errors.map(({ asked, by, what, rows, signed, median, p90, inBand }) =>
    [asked, by, what.includes(",") ? `"${what}"` : what, rows, ...[signed, median, p90, inBand].map((v) => v.toFixed(4))].join(","),
  );
  return [
    "# Written by npm run fit. measured / predicted - 1 of whole steps: signed median, median and 90th percentile of the size, share of rows in the band.",
    "asked,by,what,rows,signed,median,p90,inBand",
    ...lines,
    "",
  ].join("\n");
}

/** The errors, read back. */
export function readStepErrors(csv: string): readonly StepError[] {
  return parseRows("step-errors.csv", csv).map((row) => ({
    asked: text(row, "asked"),
    by: text(row, "by"),
    what: text(row, "what"),
    rows: number(row, "rows"),
    signed: number(row, "signed"),
    median: number(row, "median"),
    p90: number(row, "p90"),
    inBand: number(row, "inBand"),
  }));
}

/** As a table in words, in per cent. */
export function stepErrorTable(csv: string): string {
  const percent = (value: number) => (100 * value).toFixed(1).padStart(8);
  const lines = readStepErrors(csv).map(
    ({ asked, by, what, rows, signed, median, p90, inBand }) =>
      `${asked.padEnd(16)} ${by.padEnd(15)} ${what.padEnd(40)} ${String(rows).padStart(5)} ${[signed, median, p90, inBand].map(percent).join(" ")}`,
  );
  return [`${"whole steps".padEnd(73)}  rows   signed   median      p90  in band`, ...lines].join("\n");
}
