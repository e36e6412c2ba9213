import { beforeAll, describe, expect, it } from "vitest";
import { readDataFile } from "../../src/data/files";
import { fitFamily } from "../../src/fit/family";
import { stateErrors } from "../../src/fit/fit-all";
import { errorTable, kernelsCsv, readStatedErrors } from "../../src/fit/fit-tables";
import { heldCsv, heldSplits, heldTable, leaveGenerationOut, readHeldSplits } from "../../src/fit/held-splits";
import { errorFigures, interpolateRow, isFitted, predictRow } from "../../src/fit/judge";
import { kernels, measuredKernels } from "../../src/kernels/families";
import { hardware } from "../../src/machine/hardware";
import { type MoeMeasurement, moeMeasurements, setAside } from "../../src/published/layer-times";

let rows: readonly MoeMeasurement[];
beforeAll(() => {
  rows = moeMeasurements();
}, 60_000);

const aside = setAside();

function fittedRows(kernel: string, weightFormat: string, machine: string): readonly MoeMeasurement[] {
  const family = rows.filter(
    (r) => r.kernel === kernel && r.weightFormat === weightFormat && r.hardware === machine && !aside.some((a) => a.matches(r)),
  );
  const counts = [...new Set(family.map((r) => r.tokens))].sort((a, b) => a - b);
  return family.filter((r) => isFitted(r.tokens, counts));
}

describe("fitFamily", () => {
  it("gives the constants of data/kernels.csv again, to the letter", { timeout: 60_000 }, () => {
    const fit = fitFamily(fittedRows("deepepmoe_generation", "fp8_block", "h100-sxm"), hardware);
    const [, , ...lines] = kernelsCsv([fit]).trimEnd().split("\n");
    const written = readDataFile("kernels.csv")
      .split("\n")
      .filter((line) => line.startsWith("deepepmoe_generation,fp8_block,Hopper"));
    expect(lines).toEqual(written);
  });

  it("finds constants again that made the rows", () => {
    const truth = kernels().find((k) => k.from === "moe_torch_flow_cutlass fp8_block Hopper");
    if (truth === undefined) throw new Error("no such family");
    const made = fittedRows("moe_torch_flow_cutlass", "fp8_block", "h100-sxm")
      .filter((r) => r.model === "deepseek-v3")
      .map((r) => ({ ...r, seconds: predictRow(r, truth, hardware(r.hardware)).seconds }));
    const { family } = fitFamily(made, hardware, { tilings: [truth] });
    expect(family.memoryEfficiency / truth.memoryEfficiency).toBeCloseTo(1, 1);
    const errors = errorFigures(made.map((r) => ({ predicted: predictRow(r, family, hardware(r.hardware)).seconds, measured: r.seconds })));
    expect(errors.p90).toBeLessThan(0.02);
  });

  it("lets rows under a power law weigh a tenth of those of even routing, however few they are", () => {
    const truth = kernels().find((k) => k.from === "moe_torch_flow_cutlass fp8_block Hopper");
    if (truth === undefined) throw new Error("no such family");
    const even = fittedRows("moe_torch_flow_cutlass", "fp8_block", "h100-sxm").filter(
      (r) => r.routing === "balanced" && r.model === "deepseek-v3" && r.expertParallel === 1,
    );
    // Every row of even routing in its time, and the same calls under another name of routing in another: no constants fit both.
    const fitOf = (uneven: readonly MoeMeasurement[], times: number) => {
      const timed = (r: MoeMeasurement, factor: number) => ({ ...r, seconds: factor * predictRow(r, truth, hardware(r.hardware)).seconds });
      const made = [...even.map((r) => timed(r, 1)), ...uneven.map((r) => timed({ ...r, routing: "power_law_1.2" }, times))];
      const { family } = fitFamily(made, hardware, { tilings: [truth] });
      return errorFigures(
        even.map((r) => ({ predicted: predictRow(r, family, hardware(r.hardware)).seconds, measured: timed(r, 1).seconds })),
      );
    };
    const [all, few] = [
      fitOf(even, 1.5).bias,
      fitOf(
        even.filter((_, i) => i % 4 === 0),
        1.5,
      ).bias,
    ];
    // Nearly absolute errors: a tenth of the weight hardly moves the rest, and half would lie between the two.
    expect(all).toBeGreaterThan(0);
    expect(all).toBeLessThan(0.1);
    expect(few).toBeGreaterThan(all / 4);
    expect(few).toBeLessThan(all * 4);
  });

  it("refuses rows of two families, with file and line, and too few", () => {
    const some = fittedRows("deepepmoe_generation", "fp8_block", "h100-sxm");
    const odd = rows.find((r) => r.kernel === "deepgemm") as MoeMeasurement;
    expect(() => fitFamily([...some, odd], hardware)).toThrow(
      `${odd.file}:${odd.line}: expected rows of deepepmoe_generation fp8_block on Hopper`,
    );
    expect(() => fitFamily(some.slice(0, 3), hardware)).toThrow("expected more rows than the 11 constants, got 3");
  });
});

describe("errorFigures", () => {
  it("takes the middle error and the one that nine of ten rows stay within", () => {
    const pairs = [1.1, 0.8, 1.3, 1.4, 1].map((predicted) => ({ predicted, measured: 1 }));
    const figures = errorFigures(pairs);
    // Errors in order: 0, 0.1, 0.2, 0.3, 0.4; the 90 % point is 0.9 * 4 = 3.6 steps in.
    expect(figures.median).toBeCloseTo(0.2, 12);
    expect(figures.p90).toBeCloseTo(0.3 + 0.6 * 0.1, 12);
    expect(figures.within35).toBe(0.8);
    expect(figures.bias).toBeCloseTo(Math.log(1.1), 12);
  });
});

it("interpolateRow draws a straight line in log-log: halfway from 1 to 4 tokens, 10 to 40 us, is 20 us", () => {
  const at = (tokens: number, seconds: number) => ({ tokens, seconds }) as MoeMeasurement;
  expect(interpolateRow(at(2, 0), [at(1, 10e-6), at(4, 40e-6)])).toBeCloseTo(20e-6, 12);
  expect(interpolateRow(at(8, 0), [at(1, 10e-6), at(4, 40e-6)])).toBeUndefined();
});

describe("data/fit-errors.csv", () => {
  const stated = readStatedErrors(readDataFile("fit-errors.csv"));

  it("states no error better than the constants of data/kernels.csv make it", () => {
    const now = stateErrors(rows, aside, measuredKernels(), hardware);
    expect(now.length).toBeGreaterThan(100);
    for (const error of now) {
      const said = stated.find((s) => s.family === error.family && s.part === error.part);
      expect(said, `${error.family}, ${error.part}`).toBeDefined();
      expect(error.rows).toBe(said?.rows);
      // Five in the last digit written.
      expect(error.median, `${error.family}, ${error.part}`).toBeLessThanOrEqual((said?.median ?? 0) + 6e-5);
      expect(error.p90, `${error.family}, ${error.part}`).toBeLessThanOrEqual((said?.p90 ?? 0) + 6e-5);
    }
  }, 60_000);

  it("meets what the model promises on rows left out", () => {
    const figure = (family: string, part: string) => stated.find((s) => s.family === family && s.part === part);
    expect(figure("all", "tokens left out")?.median).toBeLessThan(0.08);
    expect(figure("all", "tokens left out")?.p90).toBeLessThan(0.35);
    expect(figure("all", "models left out")?.median).toBeLessThan(0.095);
    expect(figure("all", "models left out")?.p90).toBeLessThan(0.36);
    expect(figure("all", "power law")?.median).toBeLessThan(0.1);
    for (const family of stated.filter(
      (s) => /fp8_block Hopper/.test(s.family) && /tokens|models/.test(s.part) && !/floor|interp/.test(s.part),
    )) {
      expect(family.median, family.family).toBeLessThan(0.09);
    }
  });

  it("has no measured time of balanced routing below the floor but thirty of one model at two token counts", () => {
    const families = new Map(kernels().map((k) => [k.from, k]));
    const even = rows.filter((row) => row.routing === "balanced" && !aside.some((a) => a.matches(row)));
    const below = even.filter((row) => {
      const family = families.get(`${row.kernel} ${row.weightFormat} ${hardware(row.hardware).generation}`);
      return family !== undefined && row.seconds < predictRow(row, family, hardware(row.hardware)).floorSeconds;
    });
    expect(even.length).toBeGreaterThan(100_000);
    // 10 of 512 experts do not divide: vLLM's rows of 32 and 48 tokens touched fewer than the balanced routing says.
    expect(below.length).toBeLessThanOrEqual(30);
    for (const row of below) expect(`${row.model} ${row.tokens}`).toMatch(/^qwen3.5-397b-a17b (32|48)$/);
  }, 60_000);

  it("prints a line a family and part", () => {
    expect(errorTable(readDataFile("fit-errors.csv")).split("\n")).toHaveLength(stated.length + 1);
  });
});

describe("rows left out, by range of tokens", () => {
  const stated = readHeldSplits(readDataFile("fit-held.csv"));
  const figure = (leftOut: string, group: string, tokens: string) =>
    stated.find((s) => s.leftOut === leftOut && s.group === group && s.tokens === tokens)?.median ?? Number.NaN;

  it("are within 8 % up to 1,024 tokens and 10 % to 16,384 of models left out, within 10 and 13 % on each machine", () => {
    expect(figure("model", "all", "to 1024")).toBeLessThan(0.08);
    expect(figure("model", "all", "1025 to 16384")).toBeLessThan(0.1);
    for (const machine of ["a100-sxm", "b200-sxm", "h100-sxm", "l40s"]) {
      expect(figure("model", machine, "to 1024"), machine).toBeLessThan(0.1);
      expect(figure("model", machine, "1025 to 16384"), machine).toBeLessThan(0.13);
    }
  });

  it("are predicted by constants carried from other generations where their own are left out", () => {
    const family = fittedRows("moe_torch_flow_cutlass", "fp8_block", "h100-sxm").slice(0, 50);
    const held = leaveGenerationOut("some", family, kernels(), hardware);
    expect(held).toHaveLength(50);
    const own = kernels().find((k) => k.from === "moe_torch_flow_cutlass fp8_block Hopper");
    for (const { row, predicted } of held) {
      expect(predicted).not.toBe(predictRow(row, own as NonNullable<typeof own>, hardware("h100-sxm")).seconds);
    }
    expect(
      leaveGenerationOut(
        "some",
        family,
        kernels().filter((k) => k.generation === "Hopper"),
        hardware,
      ),
    ).toEqual([]);
  });

  it("are told apart by tokens, gate and machine, those under a power law apart from all others, and read back as written", () => {
    const [first] = rows as [MoeMeasurement];
    const at = (tokens: number, expertMatrices: 2 | 3, ratio: number, routing = "balanced") => ({
      leftOut: "tokens" as const,
      family: "f",
      row: { ...first, hardware: "m", routing, tokens, seconds: 1, shape: { ...first.shape, expertMatrices } },
      predicted: ratio,
    });
    const splits = heldSplits([at(1024, 3, 1.1), at(1025, 3, 1.2), at(16_385, 2, 1.5), at(1024, 3, 3, "power_law_1.2")]);
    const medians = Object.fromEntries(splits.map((s) => [`${s.group} ${s.tokens}`, Number(s.median.toFixed(4))]));
    expect(medians).toEqual({
      "all to 1024": 0.1,
      "all 1025 to 16384": 0.2,
      "all above 16384": 0.5,
      "with a gate to 1024": 0.1,
      "with a gate 1025 to 16384": 0.2,
      "without a gate above 16384": 0.5,
      "m to 1024": 0.1,
      "m 1025 to 16384": 0.2,
      "m above 16384": 0.5,
      "f to 1024": 0.1,
      "f 1025 to 16384": 0.2,
      "f above 16384": 0.5,
      "power law to 1024": 2,
    });
    const read = readHeldSplits(heldCsv(splits));
    expect(read.map((s) => s.median)).toEqual(splits.map((s) => Number(s.median.toFixed(4))));
    expect(heldTable(heldCsv(splits)).split("\n")).toHaveLength(1 + 6);
  });
});
