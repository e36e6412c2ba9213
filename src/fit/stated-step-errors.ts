import { readDataFile } from "../data/files";
import { number, readRows, text } from "../data/rows";
import { readStepErrors, type StepError } from "./step-tables";

/**
 * The stated errors of whole steps against measured deployments.
 *
 * @example statedStepErrors().find(({ asked, by }) => asked === "defaults" && by === "all").median
 */
export function statedStepErrors(): readonly StepError[] {
  return readStepErrors(readDataFile("step-errors.csv"));
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
