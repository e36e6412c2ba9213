import { describe, expect, it } from "vitest";
import { statedEngineTimes } from "../../src/fit/engine-times";
import { firstTokens } from "../../src/fit/first-tokens";
import { hardware } from "../../src/machine/hardware";
import { engineTime } from "../../src/step/engine";

describe("times to first token as published", () => {
  const firsts = firstTokens();

  it("are the least of each deployment that ran few requests, with prompts of nine tenths of the stated length", () => {
    expect(firsts.length).toBeGreaterThan(100);
    for (const { row, promptTokens, measured } of firsts) {
      expect(row.requests).toBeLessThanOrEqual(4);
      expect(promptTokens).toBe(Math.round(0.9 * (row.inputTokens as number)));
      expect(measured).toBe(row.firstTokenSeconds);
    }
    expect(new Set(firsts.map(({ row }) => row.id)).size).toBe(firsts.length);
  });

  it("lie above the floor of the prefill, and mostly above its estimate, since they hold waiting too", () => {
    for (const { row, floorSeconds, measured } of firsts) expect(floorSeconds, row.id).toBeLessThan(measured);
    expect(firsts.filter(({ predicted, measured }) => measured > predicted).length / firsts.length).toBeGreaterThan(0.8);
  });
});

describe("the stated times of engines", () => {
  it("are those that a step is computed with, inside their own range", () => {
    const times = statedEngineTimes();
    const layer = times.find(({ engine, generation, of }) => engine === "sglang" && generation === "Hopper" && of === "layer");
    expect(layer?.seconds).toBe(engineTime("sglang", hardware("h100-sxm")).layerSeconds);
    expect(new Set(times.map(({ of }) => of))).toEqual(
      new Set(["layer", "request in a layer", "layer that quantizes", "latent mixer", "sparse mixer", "linear mixer"]),
    );
    for (const { leastSeconds, mostSeconds, rows, ...time } of times) {
      expect(leastSeconds).toBeLessThanOrEqual(mostSeconds);
      // Only a time that is not carried has no steps behind it, and is none.
      const unknown = time.of === "sparse mixer" && time.engine !== "sglang";
      expect(rows > 0, `${time.engine} ${time.of}`).toBe(!unknown);
      if (unknown) expect(time).toMatchObject({ seconds: 0, measuredIn: [] });
      else expect(time.measuredIn.length).toBeGreaterThan(0);
    }
  });
});
