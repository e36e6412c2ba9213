import { describe, expect, it } from "vitest";
import { attentionErrorGroups } from "../../src/fit/attention-error-groups";
import { enginePairs, engineYardstick } from "../../src/fit/engine-pairs";
import { layerErrorSizes } from "../../src/fit/layer-error-sizes";
import { oursOnSet, peerErrors, peerParts } from "../../src/fit/peers";
import { statedAttentionErrors } from "../../src/fit/stated-step-errors";
import { type StepPair, stepPairs } from "../../src/fit/step-rows";
import type { JudgedRow } from "../../src/fit/validation";
import { worstReasons } from "../../src/fit/worst-reasons";
import { deploymentRows } from "../../src/published/deployment-rows";

const pairs = stepPairs(deploymentRows(), "default");
const made = (id: string, engine: string, requests: number, measured: number, more: object = {}): StepPair =>
  ({
    row: {
      id,
      engine,
      requests,
      contextTokens: 1000,
      source: "s",
      model: "m",
      machine: "h",
      gpus: 8,
      conditions: "",
      engineVersion: "1",
      ...more,
    },
    step: { carried: [] },
    measured,
    predicted: 0.01,
  }) as unknown as StepPair;

describe("two engines that were asked the same", () => {
  it("are pairs of different engines with all else alike, requests within a twentieth", () => {
    const rows = [
      made("a", "vLLM", 100, 0.012),
      made("b", "SGLang", 104, 0.01),
      made("c", "SGLang", 120, 0.01),
      made("d", "vLLM", 104, 0.02),
    ];
    expect(enginePairs(rows).map(({ one, other }) => one.row.id + other.row.id)).toEqual(["ab", "bd"]);
    expect(enginePairs(rows)[0]?.difference).toBeCloseTo(0.2, 10);
    expect(enginePairs([made("a", "vLLM", 8, 1), made("b", "SGLang", 8, 1, { weightFormat: "fp8" })])).toEqual([]);
  });

  it("differ by about an eighth on the published rows, from which the model is less far", () => {
    const { pairs: many, median, p90, modelMedian } = engineYardstick(pairs);
    expect(many).toBeGreaterThan(100);
    expect(median).toBeGreaterThan(0.08);
    expect(median).toBeLessThan(0.16);
    expect(p90).toBeGreaterThan(median);
    expect(modelMedian).toBeLessThan(median);
  });
});

describe("reasons for the worst rows", () => {
  const reasons = (row: StepPair, all: readonly StepPair[]) => worstReasons([row], all)[0]?.reasons.join("; ");

  it("say that a row contradicts the nearest ones where the model fits these, and which of the two is slower with less", () => {
    const odd = made("odd", "vLLM", 32, 0.02);
    const all = [odd, made("half", "vLLM", 16, 0.0105), made("twice", "vLLM", 64, 0.011), made("far", "vLLM", 512, 0.05)];
    expect(worstReasons([odd], all)[0]?.neighbours.map(({ row }) => row.id)).toEqual(["half", "twice"]);
    expect(reasons(odd, all)).toContain("contradicts the nearest rows, which are off by +5 % at 16 requests");
    expect(reasons(odd, all)).toContain("32 requests of 1,000 tokens measured 1.82 times as long as 64 requests");
  });

  it("blame the set-up where the nearest rows are off alike, and no row of another engine or source", () => {
    const odd = made("odd", "vLLM", 32, 0.02);
    expect(reasons(odd, [odd, made("twice", "vLLM", 64, 0.025)])).toContain(
      "+150 % at 64 requests of 1,000 tokens: the set-up, not the row",
    );
    expect(reasons(odd, [odd, made("b", "SGLang", 64, 0.01), made("c", "vLLM", 64, 0.01, { source: "t" })])).toContain("no other row");
  });

  it("name few requests, prompts, carried constants and what the source leaves open", () => {
    const row = made("r", "vLLM", 1, 0.02, { prefillShare: 0.2, conditions: "GPUs not stated" });
    const said = reasons({ ...row, step: { carried: ["a"] } } as unknown as StepPair, []) ?? "";
    for (const word of ["1 request on 8 GPUs", "up to 20 % of the step", "carried", "leaves conditions open"]) expect(said).toContain(word);
  });
});

describe("stated errors of attention in groups", () => {
  it("keep every stated row and name its phase, kind, machine and geometry", () => {
    for (const by of ["kind", "machine", "geometry", "another generation"] as const) {
      const stated = statedAttentionErrors().filter((e) => e.by === by);
      const groups = attentionErrorGroups(by);
      expect(groups.map(({ phase, kind, machine, geometry }) => [phase, kind, machine, geometry].filter(Boolean).sort().join(" "))).toEqual(
        stated.map(({ what }, i) => {
          const { phase, kind, machine, geometry } = groups[i] as (typeof groups)[0];
          expect(what.split(" ").sort().join(" ")).toBe(
            [phase, kind, machine, geometry].filter(Boolean).join(" ").split(" ").sort().join(" "),
          );
          return [phase, kind, machine, geometry].filter(Boolean).sort().join(" ");
        }),
      );
    }
    expect(new Set(attentionErrorGroups("machine").map(({ machine }) => machine))).toEqual(
      new Set(["a100-sxm", "b200-sxm", "h100-sxm", "l40s"].filter((id) => attentionErrorGroups("machine").some((g) => g.machine === id))),
    );
  });
});

describe("errors of layers by the tokens of a call", () => {
  it("count token counts left out alone, a decode batch apart from chunks of prompts", () => {
    const row = (tokens: number, part: string, seconds: number) => ({ row: { tokens, seconds: 1 }, part, seconds }) as unknown as JudgedRow;
    const rows = [
      row(8, "tokens left out", 1.1),
      row(1024, "tokens left out", 0.9),
      row(2048, "tokens left out", 1.5),
      row(8, "fitted", 9),
    ];
    expect(layerErrorSizes(rows).map(({ to, rows: many }) => [to, many])).toEqual([
      [1024, 2],
      [16_384, 1],
    ]);
    expect(layerErrorSizes(rows)[1]?.median).toBeCloseTo(0.5, 10);
  });
});

describe("other public models", () => {
  it("stand with their parts beside ours of the same ranks and requests", () => {
    const measured = peerParts().filter(({ kind }) => kind === "measured");
    expect(measured).toHaveLength(4);
    for (const { ours, theirs } of measured) {
      expect(Math.abs((ours.attention ?? 0) / (theirs.attention ?? 1) - 1)).toBeLessThan(0.1);
      // A layer is more than its two products, never less by a tenth.
      expect(ours.experts).toBeGreaterThan(0.9 * (theirs.experts as number));
      expect(theirs.exchange).toBeUndefined();
    }
  });

  it("are less near than ours on steps with attention and experts dealt out", () => {
    const ours = oursOnSet("dealt out", pairs);
    expect(ours.rows).toBeGreaterThan(40);
    const peers = peerErrors().filter(({ set, who }) => set === "dealt out" && who !== "deepshock");
    expect(peers.map(({ who }) => who)).toEqual(["aiconfigurator", "InferSim"]);
    for (const { median } of peers) expect(ours.median).toBeLessThan(median);
  });
});
