import { at, number, oneOf, readRows, text } from "../data/rows";
import { toBase } from "../units";
import { megaMoeRows } from "./tables";

/** A layer of experts as one kernel beside the same as several. */
export interface FusedExperts {
  readonly machine: string;
  readonly model: string;
  readonly baseline: "normal" | "low-latency" | "unfused";
  readonly tokensPerRank: number;
  readonly fusedSeconds: number;
  /** Time of the separate kernels over that of the fused one. */
  readonly gain: number;
  readonly source: string;
}

/**
 * Published gains of fused experts: DeepSeek's on Blackwell and SGLang's on Hopper.
 *
 * @example fusedExperts().map(({ gain }) => gain)
 */
export function fusedExperts(): readonly FusedExperts[] {
  const blackwell = megaMoeRows().map((r) => ({
    machine: "Blackwell",
    model: r.model,
    baseline: "unfused" as const,
    tokensPerRank: r.tokensPerRank,
    fusedSeconds: r.seconds,
    gain: r.unfusedSpeedup,
    source: "deepgemm2026megamoe",
  }));
  const hopper = readRows("measurements/fused-experts.csv").map((row) => {
    const [fused, baseline] = [number(row, "fusedMicroseconds"), number(row, "baselineMicroseconds")];
    if (fused <= 0 || baseline <= 0) throw new Error(`${at(row)}: expected positive times, got ${fused} and ${baseline}`);
    const common = {
      machine: text(row, "machine"),
      model: "deepseek-v4-flash",
      baseline: oneOf(row, "baseline", ["normal", "low-latency"]),
    };
    return {
      ...common,
      tokensPerRank: number(row, "tokensPerRank"),
      fusedSeconds: toBase(fused, "us"),
      gain: baseline / fused,
      source: text(row, "source"),
    };
  });
  return [...blackwell, ...hopper];
}

/** One decode step of a dense model run four ways. */
export interface DecodeFusion {
  readonly machine: string;
  readonly model: string;
  readonly eagerSeconds: number;
  readonly graphSeconds: number;
  /** Graph, with all-reduces fused. */
  readonly fusedSeconds: number;
  readonly megakernelSeconds: number;
}

/**
 * Published times of a decode step launched kernel by kernel, as one graph, with fused kernels and as one kernel.
 *
 * @throws Error naming file and line of a broken row.
 * @example decodeFusions().map(({ machine }) => machine)
 */
export function decodeFusions(): readonly DecodeFusion[] {
  return readRows("measurements/decode-fusion.csv").map((row) => {
    const ms = (column: string) => toBase(number(row, column), "ms");
    return {
      machine: text(row, "machine"),
      model: text(row, "model"),
      eagerSeconds: ms("eagerMilliseconds"),
      graphSeconds: ms("graphMilliseconds"),
      fusedSeconds: ms("fusedMilliseconds"),
      megakernelSeconds: ms("megakernelMilliseconds"),
    };
  });
}

/** What lies between the kernels of DeepSeek's published training trace. */
export interface TraceGaps {
  readonly traceSeconds: number;
  readonly gaps: number;
  readonly gapSeconds: number;
  /** Of the trace. */
  readonly share: number;
}

/**
 * How long the GPU waited between kernels in DeepSeek's published training trace.
 *
 * @throws Error where the table does not hold its one row.
 * @example trainTraceGaps()
 */
export function trainTraceGaps(): TraceGaps {
  const [row] = readRows("measurements/train-trace-gaps.csv");
  if (row === undefined) throw new Error("measurements/train-trace-gaps.csv: expected one row, got none");
  const [traceSeconds, gapSeconds] = [toBase(number(row, "traceMilliseconds"), "ms"), toBase(number(row, "gapMilliseconds"), "ms")];
  return { traceSeconds, gaps: number(row, "gaps"), gapSeconds, share: gapSeconds / traceSeconds };
}
