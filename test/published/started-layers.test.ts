import { describe, expect, it } from "vitest";
import { attentionTimes } from "../../src/published/attention-times";
import { startedLayers } from "../../src/published/started-layers";

describe("the shortest calls of attention layers", () => {
  const layers = startedLayers();

  it("are the least rows of their kernel, machine and phase", () => {
    const rows = attentionTimes();
    for (const { machine, kind, kernel, decodeSeconds, prefillSeconds } of layers) {
      const of = (phase: string) =>
        rows.filter((r) => r.part === "layer" && r.machine === machine && r.kind === kind && r.kernel === kernel && r.phase === phase);
      expect(decodeSeconds).toBe(Math.min(...of("decode").map(({ seconds }) => seconds)));
      expect(prefillSeconds).toBe(Math.min(...of("prefill").map(({ seconds }) => seconds)));
    }
  });

  it("tell the host from a graph: every call from the host takes several times its decode, none from a graph twice", () => {
    const ratios = (by: string) => layers.filter((l) => l.prefillStartedBy === by).map((l) => l.prefillSeconds / l.decodeSeconds);
    expect(Math.min(...ratios("host"))).toBeGreaterThan(5);
    expect(Math.max(...ratios("graph"))).toBeLessThan(2);
  });
});
