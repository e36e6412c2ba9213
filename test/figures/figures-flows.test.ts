import { describe, expect, it } from "vitest";
import { stepFlowsFigure } from "../../src/figures/step-flows";
import { stepFlows } from "../../src/step/flows";

const step = (name: string, tasks: Parameters<typeof stepFlows>[0]["tasks"]) => ({ name, ...stepFlows({ tasks }) });

describe("flows of steps as a figure", () => {
  const figure = stepFlowsFigure([
    step("decode", [
      { name: "dispatch", bytes: 1000, runBytes: 100 },
      { name: "combine", bytes: 3000, runBytes: 200 },
    ]),
    step("cut", [{ name: "all-reduce", bytes: 500, runBytes: 50 }]),
    step("alone", []),
  ]);
  const bars = figure.data as unknown as readonly {
    name: string;
    x: readonly number[];
    y: readonly string[];
    marker: { pattern: { shape: string } };
  }[];

  it("stacks shares to one hundred for each step that sends, with a bar only of what it sends, and leaves one that sends nothing out", () => {
    expect(bars.map((bar) => [bar.name, bar.y, bar.x])).toEqual([
      ["dispatch", ["decode"], [25]],
      ["combine", ["decode"], [75]],
      ["all-reduce", ["cut"], [100]],
    ]);
    expect((figure.layout.yaxis as { categoryarray: unknown }).categoryarray).toEqual(["decode", "cut"]);
  });

  it("hatches what is added up and says how much it is", () => {
    expect(bars.map((bar) => bar.marker.pattern.shape)).toEqual(["", "/", "/"]);
    expect(figure.caption).toMatch(/decode: 4(\.00)? kB, of which 75 % are added up/);
  });
});
