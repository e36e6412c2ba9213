import { describe, expect, it } from "vitest";
import { launch, launchEfficiency } from "../../src/kernels/launch";
import { hardware } from "../../src/machine/hardware";

describe("launch", () => {
  it("costs less in a graph than from a stream, on every machine measured", () => {
    for (const id of ["a100-sxm", "h200-sxm", "mi250x"]) {
      const of = (mode: "stream" | "graph" | "persistent") => launch(mode, hardware(id)).seconds;
      expect(of("stream")).toBeGreaterThan(of("graph"));
      expect(of("stream")).toBeGreaterThan(of("persistent"));
    }
  });

  it("agrees with the 1.3 microseconds a kernel of a graph that others measured on H100", () => {
    expect(launch("graph", hardware("h100-sxm")).seconds).toBeCloseTo(1.3e-6, 7);
  });

  it("says whose constants a machine takes that was not measured", () => {
    expect(launch("graph", hardware("b200-sxm")).measured).toBe("Hopper");
    expect(launch("graph", hardware("mi300x")).measured).toBe("CDNA2");
    expect(launch("graph", hardware("h800-sxm")).measured).toBe("Hopper");
  });

  it("leaves half of the time for work when overhead is as long as the task", () => {
    expect(launchEfficiency(4e-6, 4e-6)).toBe(0.5);
    expect(launchEfficiency(9e-6, 1e-6)).toBeCloseTo(0.9, 12);
    expect(launchEfficiency(1e-6, 0)).toBe(1);
  });

  it("refuses modes and times that cannot be, naming them", () => {
    expect(() => launch("eager" as "graph", hardware("h100-sxm"))).toThrow(/mode must be one of stream, graph, persistent; got "eager"/);
    expect(() => launchEfficiency(0, 1)).toThrow(/taskSeconds/);
    expect(() => launchEfficiency(1, -1)).toThrow(/overheadSeconds/);
  });
});
