import { afterEach, describe, expect, it, vi } from "vitest";
import { readDataFile } from "../../src/data/files";
import { model } from "../../src/model/registry";
import {
  deepGemmRows,
  deployments,
  megaMoeRows,
  publishedExpertCounts,
  publishedImbalance,
  rowGathers,
  tmaSweeps,
  trainTraceDurations,
  trainTraceKernels,
} from "../../src/published/tables";
import { imbalance } from "../../src/routing/imbalance";
import { meanTokensPerExpert } from "../../src/routing/uniform";
import { replaced } from "../replaced-files";

vi.mock("../../src/data/files", () => import("../replaced-files"));

afterEach(() => replaced.clear());

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
/** Rows of a file, counted apart from the reader: lines that are neither comment, header nor empty. */
const lines = (file: string) =>
  readDataFile(file)
    .split("\n")
    .filter((l) => l !== "" && !l.startsWith("#")).length - 1;

describe("published tables", () => {
  it.each([
    ["regimes.csv", deployments, 5],
    ["measurements/expert-counts-qwen3.csv", publishedExpertCounts, 128],
    ["measurements/expert-imbalance-trtllm.csv", publishedImbalance, 18],
    ["measurements/deepgemm-h800.csv", deepGemmRows, 56],
    ["measurements/deepgemm-megamoe.csv", megaMoeRows, 8],
    ["measurements/train-trace-h800.csv", trainTraceDurations, 12],
    ["measurements/train-trace-kernels-h800.csv", trainTraceKernels, 183],
    ["measurements/row-gather-h100.csv", rowGathers, 2],
  ] as const)("%s is read to its last row", (file, read, count) => {
    expect(read()).toHaveLength(count);
    expect(lines(file)).toBe(count);
  });

  it("deployments give tokens over all GPUs: 128 GPUs with 64 each are 256 an expert of V3", () => {
    const [first, second] = deployments();
    expect(first).toMatchObject({ regime: "decode", model: "deepseek-v3", gpus: 8, tokensPerGpu: 128, tokens: 1024 });
    expect(second?.tokens).toBe(128 * 64);
    expect(deployments().map((d) => meanTokensPerExpert(d.tokens, model(d.model)))).toEqual([32, 256, 64, 16_384, 8192]); // 1024 * 8 / 256, ...
  });

  it("Qwen3's counts are 49,920 copies of 6,240 tokens, the busiest expert at 2.92 times the mean", () => {
    const counts = publishedExpertCounts();
    expect(counts.slice(0, 3)).toEqual([587, 822, 350]);
    expect(sum(counts)).toBe(6240 * 8);
    expect(imbalance(counts).maximumOverMean).toBeCloseTo(1140 / 390, 12);
  });

  it("imbalance without replicas is 2.56 by rank and 11.9 by expert slot: MaxVio and one", () => {
    const [rank, slot] = publishedImbalance();
    expect(rank).toEqual({
      workload: "machine translation",
      placement: "no EPLB, 8 slots/rank, EP32",
      level: "rank",
      layer: "all (average)",
      maximumOverMean: 2.564,
      coefficientOfVariation: 0.48,
    });
    expect(slot?.maximumOverMean).toBeCloseTo(11.948, 12);
    for (const { maximumOverMean } of publishedImbalance()) expect(maximumOverMean).toBeGreaterThanOrEqual(1);
  });

  it("DeepGEMM's times follow from its rates: 2 m n k over 206 TFLOP/s are 9.41 µs", () => {
    const rows = deepGemmRows();
    expect(rows[0]).toMatchObject({ kind: "dense", groups: 1, rowsPerGroup: 64, n: 2112, k: 7168, commit: "a6d97a1" });
    expect(rows[0]?.seconds).toBeCloseTo((2 * 64 * 2112 * 7168) / 206e12, 15);
    expect(rows.at(-1)).toMatchObject({ kind: "grouped_masked", groups: 4, rowsPerGroup: 256, n: 7168, k: 2048 });
    expect(rows.at(-1)?.seconds).toBeCloseTo((4 * 2 * 256 * 7168 * 2048) / 815e12, 15); // all four groups
  });

  it("the fused kernel's times are seconds", () => {
    expect(megaMoeRows()[0]).toEqual({
      model: "deepseek-v4-flash",
      tokensPerRank: 1,
      expertParallel: 8,
      seconds: expect.closeTo(56.5e-6, 12),
      unfusedSpeedup: 1.96,
    });
    expect(megaMoeRows().at(-1)?.seconds).toBeCloseTo(10_655.2e-6, 12);
  });

  it("the training trace holds 963 kernels in 0.244 s, each bin's mean inside it, bins end to end", () => {
    const bins = trainTraceDurations();
    expect(sum(bins.map((b) => b.count))).toBe(45 + 211 + 124 + 86 + 108 + 89 + 121 + 88 + 34 + 26 + 23 + 8);
    expect(sum(bins.map((b) => b.seconds))).toBeCloseTo(0.244041, 6);
    for (const [i, b] of bins.entries()) {
      expect(b.seconds / b.count).toBeGreaterThanOrEqual(b.fromSeconds);
      expect(b.seconds / b.count).toBeLessThan(b.toSeconds);
      if (i > 0) expect(b.fromSeconds).toBe(bins[i - 1]?.toSeconds);
    }
  });

  it("the sweeps of bulk copies count loads on the whole machine", () => {
    const sweeps = tmaSweeps();
    expect(sweeps).toHaveLength(76 + 24);
    expect(sweeps[0]).toEqual({
      machine: "H800 PCIe",
      variant: "tma_bw",
      loadBytes: 1024,
      loadsInFlight: 114,
      bytesPerSecond: expect.closeTo(222.8e9, 0),
    });
    expect(sweeps[77]).toEqual({
      machine: "B200",
      variant: "2D",
      loadBytes: 512,
      loadsInFlight: 2 * 148,
      bytesPerSecond: expect.closeTo(319.4e9, 0),
    });
  });

  it("gathered rows of 5,120 B reach 27 % and 79 % of the bandwidth by 2 and 16 B a thread", () => {
    expect(rowGathers()).toEqual([
      { rowBytes: 5120, threadAccessBytes: 2, share: 0.27 },
      { rowBytes: 5120, threadAccessBytes: 16, share: 0.79 },
    ]);
  });
});

describe("a broken row", () => {
  const breaks = (file: string, from: string, to: string) => {
    const whole = readDataFile(file);
    expect(whole).toContain(from);
    replaced.set(file, whole.replace(from, to));
  };

  it.each([
    [
      "measurements/expert-counts-qwen3.csv",
      "\n0,587\n",
      "\n0,-587\n",
      publishedExpertCounts,
      "measurements/expert-counts-qwen3.csv:3: expected tokens to be at least 0, got -587",
    ],
    [
      "measurements/expert-counts-qwen3.csv",
      "\n1,822\n",
      "\n1,many\n",
      publishedExpertCounts,
      'measurements/expert-counts-qwen3.csv:4: expected a number for tokens, got "many"',
    ],
    [
      "measurements/expert-imbalance-trtllm.csv",
      ",rank,",
      ",node,",
      publishedImbalance,
      'measurements/expert-imbalance-trtllm.csv:3: expected level to be one of rank, expert slot; got "node"',
    ],
    [
      "measurements/deepgemm-h800.csv",
      "dense,1,64,2112",
      "dense,1,0,2112",
      deepGemmRows,
      "measurements/deepgemm-h800.csv:3: expected rowsPerGroup to be at least 1, got 0",
    ],
    [
      "measurements/deepgemm-h800.csv",
      "dense,1,64,2112",
      "sparse,1,64,2112",
      deepGemmRows,
      'measurements/deepgemm-h800.csv:3: expected kind to be one of dense, grouped_contiguous, grouped_masked; got "sparse"',
    ],
    [
      "measurements/deepgemm-megamoe.csv",
      "deepseek-v4-flash,1,8",
      "deepseek-v4-flash,0,8",
      megaMoeRows,
      "measurements/deepgemm-megamoe.csv:3: expected tokensPerRank to be at least 1, got 0",
    ],
    [
      "measurements/train-trace-h800.csv",
      "0,2,45,45",
      "0,2,45,",
      trainTraceDurations,
      "measurements/train-trace-h800.csv:3: expected a value for totalMicroseconds, got nothing",
    ],
    [
      "measurements/tma-h800-pcie.csv",
      "tma_bw,114,1024,222.8",
      "tma_bw,114,0,222.8",
      tmaSweeps,
      "measurements/tma-h800-pcie.csv:3: expected loadBytes to be at least 1, got 0",
    ],
    [
      "measurements/tma-b200.csv",
      "512,1,165.6",
      "512,1,-165.6",
      tmaSweeps,
      "measurements/tma-b200.csv:3: expected gigabytesPerSecond to be at least 0, got -165.6",
    ],
    [
      "measurements/row-gather-h100.csv",
      "shareOfBandwidthPercent",
      "share",
      rowGathers,
      'measurements/row-gather-h100.csv:3: expected a column "shareOfBandwidthPercent"',
    ],
    [
      "regimes.csv",
      "decode,deepseek-v3,",
      "serving,deepseek-v3,",
      deployments,
      'regimes.csv:2: expected regime to be one of decode, prefill, training; got "serving"',
    ],
  ] as const)("of %s says file, line and column: %s", (file, from, to, read, message) => {
    breaks(file, from, to);
    expect(() => read()).toThrow(new Error(message));
  });

  it("with a cell too many says file and line", () => {
    breaks("measurements/tma-b200.csv", "512,1,165.6", "512,1,165.6,9");
    expect(() => tmaSweeps()).toThrow(/^measurements\/tma-b200\.csv: .*line 3/);
  });
});
