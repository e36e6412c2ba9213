import { number, readRows, text } from "../data/rows";

/** The error of whole steps of some rows, as `npm run fit` states it: measured over predicted, less one. */
export interface StatedStepError {
  /** How rows were asked: with the row's kernel, with the defaults, or left out of the fit by source, model and machine. */
  readonly asked: string;
  /** What the rows share: all, engine, machine, model, split, format, requests of a GPU, source. */
  readonly by: string;
  readonly what: string;
  readonly rows: number;
  readonly signed: number;
  readonly median: number;
  readonly p90: number;
  /** Share of the rows within the band that the answer states. */
  readonly inBand: number;
}

/**
 * The stated errors of whole steps against measured deployments.
 *
 * @example statedStepErrors().find(({ asked, by }) => asked === "defaults" && by === "all").median
 */
export function statedStepErrors(): readonly StatedStepError[] {
  return readRows("step-errors.csv").map((row) => ({
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

/** The error of attention on head geometries left out, by phase, kind and machine. */
export interface StatedAttentionError {
  readonly by: string;
  readonly what: string;
  readonly rows: number;
  readonly median: number;
  readonly p90: number;
}

/** The stated errors of attention. */
export function statedAttentionErrors(): readonly StatedAttentionError[] {
  return readRows("attention-errors.csv").map((row) => ({
    by: text(row, "by"),
    what: text(row, "what"),
    rows: number(row, "rows"),
    median: number(row, "median"),
    p90: number(row, "p90"),
  }));
}
