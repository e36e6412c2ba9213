import { type CalibratedCurve, type CalibratedCurves, calibratedCurvesFigure, mostCurves } from "../figures/calibrated-curves";
import { type CalibratedRow, type Figure, formatCount, type MeasuredRow } from "../index";
import { resolveQuestion } from "../step/question";
import { splitWords } from "../step/search/splits";
import { harmless } from "../text/harmless";
import { engineNames } from "./answer-notes";
import { type OwnRows, rowSeconds } from "./own-rows";
import { machineName, type RowsCalibration } from "./rows-calibration";

interface Pair {
  readonly row: MeasuredRow;
  readonly beside: CalibratedRow;
}

const fieldOf = { requests: "requests", context: "contextTokens" } as const;

/** The rows of a reader's table as a figure: curves over what differs most among them, the batch or the context. */
export function ownRowsFigure({ used, calibration }: OwnRows, record: RowsCalibration): Figure {
  const pairs = used.map((row, i): Pair => ({ row, beside: calibration?.rows[i] as CalibratedRow }));
  const kinds = (axis: CalibratedCurves["axis"]) => new Set(used.map(({ question }) => question[fieldOf[axis]])).size;
  const axis = kinds("context") > kinds("requests") ? "context" : "requests";
  const whole = used.some(({ part }) => part !== undefined) ? "whole step" : "";
  const groups = new Map<string, Pair[]>();
  for (const pair of pairs) {
    const key = JSON.stringify(wordsOf(pair.row, axis, whole));
    groups.set(key, [...(groups.get(key) ?? []), pair]);
  }
  const largest = [...groups.values()].sort((a, b) => b.length - a.length).slice(0, mostCurves);
  const words = largest.map(([first]) => wordsOf((first as Pair).row, axis, whole));
  // What all have in common stands in the caption alone.
  const common = (words[0] ?? []).map((word, i) => words.every((of) => of[i] === word));
  const curves = largest.map((of, i) => {
    const own = words[i] ?? [];
    const label = own.filter((word, j) => word !== "" && !common[j]).join(", ");
    return curveOf({ name: own.filter(Boolean).join(", "), label: label === "" ? "your rows" : label }, of, axis, record);
  });
  return calibratedCurvesFigure({
    ...{ axis, curves, notDrawn: used.length - curves.reduce((sum, { marks }) => sum + marks.length, 0) },
    name: [
      `${machineName(record)} with ${engineNames[record.engine]}`,
      ...(words[0] ?? []).filter((word, i) => word !== "" && common[i]),
    ].join(", "),
    errors: record,
  });
}

function curveOf(
  names: Pick<CalibratedCurve, "name" | "label">,
  pairs: readonly Pair[],
  axis: CalibratedCurves["axis"],
  { factors }: RowsCalibration,
): CalibratedCurve {
  const field = fieldOf[axis];
  const at = ({ row }: Pair) => row.question[field] as number;
  const first = (pairs[0] as Pair).row;
  const xs = pairs.map(at);
  const between = doublingsBetween(Math.min(...xs), Math.max(...xs));
  const x = [...new Set([...xs, ...between])].sort((a, b) => a - b);
  const like = (value: number) => ({ ...first, question: { ...first.question, [field]: value } });
  return {
    ...names,
    x,
    before: x.map((value) => rowSeconds(like(value), {})),
    after: x.map((value) => rowSeconds(like(value), factors)),
    marks: pairs.map((pair) => ({
      ...{ x: at(pair), measured: pair.beside.measured, before: pair.beside.predicted, leftOut: pair.beside.leftOut },
      after: rowSeconds(pair.row, factors),
      where: harmless(pair.row.where),
    })),
  };
}

function doublingsBetween(least: number, most: number): readonly number[] {
  const counts: number[] = [];
  for (let count = 2 ** Math.ceil(Math.log2(least)); count < most; count *= 2) counts.push(count);
  return counts;
}

/** What rows have in common that differ in what the axis counts alone, word by word; empty where nothing is to be said. */
function wordsOf({ question, part }: MeasuredRow, axis: CalibratedCurves["axis"], whole: string): readonly string[] {
  const { model, requests, contextTokens, weightFormat = "", cacheFormat = "", kernel = "", draftTokens = 0 } = question;
  const other = axis === "requests" ? `${formatCount(contextTokens)} tokens` : `${formatCount(requests ?? 0)} requests`;
  const split = splitWords(model, resolveQuestion(question)).replaceAll(" x ", " × ");
  const drafts = draftTokens === 0 ? "" : `${draftTokens} drafts`;
  return [part ?? whole, harmless(model.name), other, split, ...[weightFormat, cacheFormat, kernel].map(harmless), drafts];
}
