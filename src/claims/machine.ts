import { formatNumber, formatShare } from "../format";
import { weightFormat } from "../formats";
import { hardware, type Hardware } from "../hardware";
import { launch } from "../launch";
import { accessEfficiency, requestsPerSecond } from "../memory";
import { accessFact } from "../access";
import { model } from "../model";
import { megaMoeRows, trainTraceDurations } from "../published";
import { meanTokensPerExpert } from "../routing";
import type { Condition } from "../verdict";
import { published } from "./premise";
import type { ClaimRule } from "./rule";
import { bytesInRunsUpTo, stepAccesses } from "./runs";
import { knob, knownMachines, type Scenario } from "./scenario";

/** What a product with streamed weights and a systolic array have to agree on. */
export interface ArrayCaps {
  /** Rows of the product: tokens of the expert. */
  readonly rows: number;
  /** Rows at which arithmetic catches up with memory. */
  readonly ridgeRows: number;
  /** Width of the array. */
  readonly width: number;
}

/**
 * Share of the peak that a weight-stationary array reaches when weights stream from memory.
 *
 *     min(1, rows / ridgeRows, rows / width)
 *
 * The next weights load while the present ones are used, which takes as many cycles as the array is wide; a product with fewer
 * rows waits for them. Idealised: no fill, no drain, whole arrays only.
 */
export function arrayShare({ rows, ridgeRows, width }: ArrayCaps): number {
  return Math.min(1, rows / ridgeRows, rows / width);
}

/** Rows at which a machine's 8-bit products (else its BF16 ones) catch up with memory, at shares of bandwidth and of weight bytes. */
export function arrayRidgeRows({ peakFlopsPerSecond: peak, memoryBytesPerSecond }: Hardware, weightShare: number, memoryShare: number): number {
  const eight = Math.max(peak.fp8 ?? 0, peak.int8 ?? 0);
  const [flops, bytes] = eight > (peak.bf16 ?? 0) ? [eight, 1] : [peak.bf16 ?? Number.NaN, 2];
  return (flops * bytes * weightShare) / (2 * memoryBytesPerSecond * memoryShare);
}

const wide = 256;
const isWide = (m: Hardware) => (m.matrixUnit.rows ?? 0) >= wide && (m.matrixUnit.columns ?? 0) >= wide;

/** Claim 1: what a 128-wide array would gain over a 256-wide one on the machines that have the latter. */
const arraySize: ClaimRule = {
  id: "1",
  parameters: ["model", "hardware", "tokensInFlight", "weightShare", "memoryShare"],
  choices: (knownBy) => ({ hardware: knownMachines(knownBy).filter(isWide).map((m) => m.id) }),
  value: (s) => {
    const machine = hardware(s.hardware);
    const caps = { rows: meanTokensPerExpert(s.tokensInFlight, model(s.model)), ridgeRows: arrayRidgeRows(machine, knob("1", "weightShare", s), knob("1", "memoryShare", s)) };
    return arrayShare({ ...caps, width: wide / 2 }) / arrayShare({ ...caps, width: wide });
  },
  conditions: (s) => {
    const lines = knownMachines(s.knownBy).filter((m) => m.vendor === "Google" && m.matrixUnit.rows !== undefined);
    const [before, last] = [lines.at(-2), lines.at(-1)];
    if (before === undefined || last === undefined) return [];
    const width = (m: Hardware) => m.matrixUnit.rows as number;
    return [{ condition: "Google's newest array is narrower than the one before", found: `${before.name} ${width(before)}, ${last.name} ${width(last)}`, holds: width(last) < width(before) }];
  },
};

/**
 * Claim 2: starts of kernels over the whole step.
 *
 *     share = layers kernelsPerLayer start / (layers kernelsPerLayer start + bytes / (bandwidth memoryShare))
 *
 * The step moves its bytes and does nothing else: no links and no arithmetic, so the share comes out high.
 */
const startCost: ClaimRule = {
  id: "2",
  parameters: ["model", "hardware", "tokensInFlight", "expertParallel", "contextTokens", "kernelsPerLayer", "startSeconds", "memoryShare"],
  value: (s) => {
    const bytes = stepAccesses(s, false).reduce((sum, a) => sum + a.bytes, 0);
    const work = bytes / (hardware(s.hardware).memoryBytesPerSecond * knob("2", "memoryShare", s));
    const starts = model(s.model).layers * knob("2", "kernelsPerLayer", s) * knob("2", "startSeconds", s);
    return starts / (starts + work);
  },
  conditions: (s): readonly Condition[] => {
    const conditions: Condition[] = [];
    if (published("deepseekprofile2025", s)) {
      const bins = trainTraceDurations();
      const kernels = bins.reduce((sum, b) => sum + b.count, 0);
      const seconds = bins.reduce((sum, b) => sum + b.seconds, 0);
      const share = (kernels * launch("stream", hardware("h800-sxm")).seconds) / seconds;
      conditions.push({ condition: "a tenth of a training step too goes into starting kernels", found: formatShare(share), holds: share >= 0.1 });
    }
    if (published("deepgemm2026megamoe", s)) {
      const least = Math.min(...megaMoeRows().map((r) => r.unfusedSpeedup));
      conditions.push({ condition: "one fused kernel gains a tenth at every published batch", found: `at least ${formatNumber(least)} times`, holds: least >= 1.1 });
    }
    return conditions;
  },
};

/** Claim 3: share of a step's bytes in runs of at most 64 B. */
const granularity: ClaimRule = {
  id: "3",
  parameters: ["model", "tokensInFlight", "expertParallel", "contextTokens", "sparseAttention"],
  value: (s) => bytesInRunsUpTo(stepAccesses(s, knob("3", "sparseAttention", s) === 1), 64),
};

/** Claim 4: messages that would fill a network card over the messages it takes. */
const requestRate: ClaimRule = {
  id: "4",
  parameters: ["model", "messagesPerSecond", "networkBytesPerSecond"],
  value: (s) => requestsPerSecond(knob("4", "networkBytesPerSecond", s), messageBytes(s)) / knob("4", "messagesPerSecond", s),
  conditions: (s): readonly Condition[] => {
    const tile = 128 * 128;
    const read = accessEfficiency(tile, accessFact("dram-sector", "bytes"));
    const conditions: Condition[] = [{ condition: "memory loses a tenth on tiles of experts to their size", found: `${formatShare(1 - read)} lost at 16 KiB`, holds: read <= 0.9 }];
    const flash = knob("4", "flashReadsPerSecond", s);
    if (published("colibri2026", s)) {
      const row = accessFact("engram-row", "bytes");
      const share = (flash * row) / knob("4", "flashBytesPerSecond", s);
      conditions.push({ condition: "reading rows of a lookup memory, a flash drive is out of reads before it is out of bandwidth", found: `${formatShare(share)} of its bandwidth at ${row} B`, holds: share < 1 });
    }
    return conditions;
  },
};

/** Bytes of one routed token on its way out, with its scales. */
function messageBytes(s: Scenario): number {
  const m = model(s.model);
  return m.expertHiddenSize * weightFormat(s.weightFormat).activationBytes;
}

export const machineRules = [arraySize, startCost, granularity, requestRate];
