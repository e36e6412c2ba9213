import { describe, expect, it } from "vitest";
import { readConstants } from "../../src/data/constants";
import { number, readRows, text } from "../../src/data/rows";
import { eagerProblems, exchangeProblems, ringProblems, shotProblems } from "../../src/fit/collectives";
import { copyProblems, forwardProblems, networkProblem, scaleUpProblems } from "../../src/fit/exchanges";
import { solveLink } from "../../src/fit/link-fit";
import { denseProblems, type LinkProblem } from "../../src/fit/product-fits";
import { denseFamilies, denseTime } from "../../src/kernels/product";
import { hardware } from "../../src/machine/hardware";
import { type CollectiveTables, collectiveKeys } from "../../src/network/collective";
import { shotConstantNames } from "../../src/network/collective-ways";
import { type ExchangeTables, scaleUpConstantNames } from "../../src/network/exchange-constants";
import { quantile as quantileOf } from "../../src/statistics";

const shots = readConstants("collectives.csv", collectiveKeys, shotConstantNames, "shots") as CollectiveTables["shot"];
const scaleUp = readConstants(
  "collectives.csv",
  collectiveKeys,
  scaleUpConstantNames,
  "messages inside a node",
) as ExchangeTables["scaleUp"];
const problems: readonly LinkProblem[] = [
  ...denseProblems(),
  ...ringProblems(),
  ...exchangeProblems(),
  ...shotProblems(),
  ...eagerProblems(shots),
  ...scaleUpProblems(),
  networkProblem(scaleUp),
  ...copyProblems(),
  ...forwardProblems(),
];
const quantile = (values: readonly number[], share: number) =>
  quantileOf(
    [...values].sort((a, b) => a - b),
    share,
  );
const nameOf = (problem: LinkProblem) => Object.values(problem.family).join(" ");
const stated = new Map(readRows("links-errors.csv").map((row) => [text(row, "family"), row]));

function committed(problem: LinkProblem): Record<string, number> {
  const own = readRows(problem.file).filter((row) =>
    Object.entries(problem.family).every(([column, value]) => row.cells[column] === value),
  );
  return Object.fromEntries(own.map((row) => [text(row, "constant"), number(row, "value")]));
}

function errorsOf(problem: LinkProblem, held: boolean): readonly number[] {
  const constants = committed(problem);
  return problem.samples.flatMap((s, i) => (s.held === held ? [100 * Math.abs(problem.predict(constants, i) / s.seconds - 1)] : []));
}

describe("constants of links and dense products", () => {
  it("have their errors stated, family by family", () => {
    expect([...stated.keys()]).toEqual(problems.map(nameOf));
  });

  it.each(problems.map((p) => [nameOf(p), p] as const))("%s: is no worse than stated, fitted and held out", (name, problem) => {
    const row = stated.get(name);
    if (row === undefined) throw new Error(`links-errors.csv has no ${name}`);
    for (const [held, column] of [
      [false, "fitted"],
      [true, "held"],
    ] as const) {
      const errors = errorsOf(problem, held);
      expect(errors).toHaveLength(number(row, `${column}Rows`));
      expect(quantile(errors, 0.5)).toBeLessThanOrEqual(number(row, `${column}Median`) + 0.1);
      expect(quantile(errors, 0.9)).toBeLessThanOrEqual(number(row, `${column}P90`) + 0.1);
    }
  });

  it("reach the goals on rows held out: 12 % for dense products, 15 % for collectives and DeepEP, over all rows of a kind", () => {
    const median = (chosen: readonly LinkProblem[]) =>
      quantile(
        chosen.flatMap((p) => errorsOf(p, true)),
        0.5,
      );
    expect(median(problems.filter((p) => p.file === "gemm-kernels.csv"))).toBeLessThan(12);
    for (const problem of problems.filter((p) => p.file === "gemm-kernels.csv"))
      expect(median([problem]), nameOf(problem)).toBeLessThan(12);
    for (const law of ["ring", "exchange", "shots", "messages inside a node", "messages across nodes", "copies to nodes"]) {
      for (const problem of problems.filter((p) => p.family.law === law)) expect(median([problem]), nameOf(problem)).toBeLessThan(15);
    }
  });

  it("beat the plain baseline in every family but eager calls, which it cannot see", () => {
    for (const problem of problems.filter((p) => p.family.law !== "eager")) {
      const row = stated.get(nameOf(problem));
      expect(quantile(errorsOf(problem, true), 0.5), nameOf(problem)).toBeLessThan(number(row as never, "baselineMedian"));
    }
  });

  it("stream matrices larger than any of the tables at one share of the bandwidth in all formats of steps, within a fifth", () => {
    for (const [generation, machine] of [
      ["Hopper", "h100-sxm"],
      ["Blackwell", "b200-sxm"],
    ] as const) {
      const families = denseFamilies().filter((f) => f.generation === generation && f.kernel.startsWith("sglang"));
      const shares = families.map((family) => {
        const { memorySeconds, bytes } = denseTime(family, { m: 1, n: 57344, k: 8192 }, hardware(machine));
        return bytes / memorySeconds / hardware(machine).memoryBytesPerSecond;
      });
      expect(Math.max(...shares) / Math.min(...shares), generation).toBeLessThan(1.2);
    }
  });

  it("leave no measured row below its floor", () => {
    for (const problem of problems) for (const s of problem.samples) expect(s.seconds, s.where).toBeGreaterThanOrEqual(s.floorSeconds);
  });

  it("come out again when one family is fitted anew", () => {
    for (const problem of ringProblems().slice(0, 2)) {
      const { constants } = solveLink(problem);
      for (const [name, value] of Object.entries(committed(problem)))
        expect((constants[name] as number) / value, `${nameOf(problem)} ${name}`).toBeCloseTo(1, 3);
    }
  });

  it("have standard errors where they were fitted", () => {
    for (const problem of problems) {
      const own = readRows(problem.file).filter((row) =>
        Object.entries(problem.family).every(([column, value]) => row.cells[column] === value),
      );
      for (const row of own)
        expect(row.cells.standardError === "", `${nameOf(problem)} ${text(row, "constant")}`).toBe(text(row, "constant") in problem.fixed);
    }
  });
});
