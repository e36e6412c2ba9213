import { describe, expect, it } from "vitest";
import { contextGrowthFigure, contextPoints } from "../../src/figures/context-growth";
import { mixerTime } from "../../src/kernels/attention/mixer-time";
import { hardware } from "../../src/machine/hardware";
import { attentionTimes } from "../../src/published/attention-times";
import { stackKinds } from "../../src/published/stack-kinds";
import { decodeStep } from "../../src/step/decode";
import { traces } from "./figure-cases";

const place = { hardware: hardware("h100-sxm"), requests: 4, tensorParallel: 8 };
const kinds = stackKinds("h100-sxm", 4, 8);
const of = (kind: string) => kinds.find((k) => k.kind === kind);

describe("one stack for each kind of attention", () => {
  it("is a model whose layers hold that kind, and its rows are of that very mixer at the requests asked", () => {
    expect(kinds.map(({ kind }) => kind)).toEqual([
      "dense, grouped",
      "windows",
      "MLA",
      "DSA",
      "CSA",
      "HCA",
      "block selection",
      "KDA",
      "Gated DeltaNet",
    ]);
    expect(of("DSA")?.block).toMatchObject({ kind: "latent", indexer: { topK: 2048 } });
    expect(of("block selection")?.model.id).toBe("minimax-m3");
    for (const { measured, block, tensorParallel } of kinds) {
      for (const row of measured) {
        expect(row).toMatchObject({ machine: "h100-sxm", requests: 4, phase: "decode", newTokens: 1 });
        if ("heads" in block) expect(row.mixer).toMatchObject({ heads: block.heads / tensorParallel });
      }
    }
  });

  it("takes no other kernel or format than one into a line, and none where the machine was not timed", () => {
    for (const { measured } of kinds) {
      expect(new Set(measured.map((r) => `${r.kernel} ${r.cacheFormat} ${r.arithmetic} ${r.part}`)).size).toBeLessThanOrEqual(1);
    }
    expect(stackKinds("h200-sxm", 4, 8).flatMap(({ measured }) => measured)).toEqual([]);
    expect(stackKinds("h200-sxm", 4, 8)).toHaveLength(9);
  });
});

describe("the figure of time against context", () => {
  const figure = contextGrowthFigure(kinds, place);

  it("draws the step of a model as decodeStep gives it, and goes from a thousand tokens to a million", () => {
    const dense = traces(figure).filter(({ name, yaxis }) => name.startsWith("dense") && yaxis === "y");
    const seconds = (tokens: number) => dense.map(({ x, y }) => y[x.indexOf(tokens)]).find((s) => s !== undefined);
    const { model } = of("dense, grouped") as NonNullable<ReturnType<typeof of>>;
    for (const contextTokens of [1024, 1_048_576])
      expect(seconds(contextTokens)).toBe(decodeStep({ ...place, model, contextTokens }).seconds);
  });

  it("marks each measured call at its own time, beside the model's time of the same call", () => {
    const marks = traces(figure).filter(({ mode }) => mode === "markers");
    const measured = attentionTimes().map(({ seconds }) => seconds);
    for (const { y } of marks) for (const seconds of y) expect(measured).toContain(seconds);
    const { model, block, tensorParallel, measured: rows } = of("MLA") as NonNullable<ReturnType<typeof of>>;
    const [row] = rows;
    if (row === undefined) throw new Error("no row of MLA");
    const { kernel, part, cacheFormat, contextTokens } = row;
    const asked = { model, block, hardware: place.hardware, requests: 4, tensorParallel, kernel, part, cacheFormat, warm: true } as const;
    expect(contextPoints(kinds, place).find(({ kind }) => kind === "MLA")?.predicted).toBe(mixerTime({ ...asked, contextTokens }).seconds);
  });

  it("keeps a state flat and lets a cache grow", () => {
    const last = (start: string, axis: string) =>
      traces(figure).find(({ name, yaxis }) => name.startsWith(start) && yaxis === axis)?.y ?? [];
    const kda = last("KDA", "y3");
    expect(kda.at(-1)).toBe(kda[0]);
    const mla = last("MLA", of("MLA")?.measured[0]?.part === "layer" ? "y2" : "y3");
    expect((mla.at(-1) as number) / (mla[0] as number)).toBeGreaterThan(5);
  });

  it("says in words where nothing was timed", () => {
    const elsewhere = { ...place, hardware: hardware("h200-sxm") };
    expect(contextGrowthFigure(stackKinds("h200-sxm", 4, 8), elsewhere).caption).toContain("there are no marks");
  });
});
