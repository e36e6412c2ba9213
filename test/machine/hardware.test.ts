import { describe, expect, it } from "vitest";
import { readDataFile } from "../../src/data/files";
import type { Fact } from "../../src/data/rows";
import { parseRows, readFacts } from "../../src/data/rows";
import { hardware, machines, readMachines, timeFactor } from "../../src/machine/hardware";

describe("hardware", () => {
  it("gives the H100 in base units", () => {
    expect(hardware("h100-sxm")).toMatchObject({
      generation: "Hopper",
      released: 2022,
      peakFlopsPerSecond: { bf16: 989e12, fp8: 1979e12 },
      memoryKind: "HBM3",
      memoryBytes: 80 * 2 ** 30,
      memoryBytesPerSecond: 3.35e12,
      cacheBytes: 50 * 2 ** 20,
      processors: 132,
      clockHertz: 1.83e9,
      scaleUpBytesPerSecond: 450e9,
      scaleUpDomain: 8,
      networkBytesPerSecond: 50e9,
      powerWatts: 700,
    });
  });

  it.each([
    "a100-sxm",
    "h100-sxm",
    "h800-sxm",
    "h20",
    "h200-sxm",
    "b200-sxm",
    "b300-sxm",
    "gb200",
    "gb300",
    "vr200",
    "mi300x",
    "mi355x",
    "tpu-v5e",
    "tpu-v5p",
    "tpu-v6e",
    "tpu-v7",
    "gaudi-3",
    "trainium-2",
  ])("knows %s", (id) => {
    expect(hardware(id).id).toBe(id);
  });

  it("names the nearest ids when there is no such machine, and where it is a family's short name those that begin with it", () => {
    expect(() => hardware("b201")).toThrow(/^unknown hardware "b201"; nearest: gb200, [a-z0-9-]+, [a-z0-9-]+$/);
    expect(() => hardware("b200")).toThrow(new RangeError('unknown hardware "b200"; nearest: b200-sxm'));
    expect(() => hardware("h100")).toThrow(new RangeError('unknown hardware "h100"; nearest: h100-sxm'));
    expect(() => hardware("MI3")).toThrow(/; nearest: mi300x, mi325x, mi355x$/);
    expect(() => hardware("constructor")).toThrow(RangeError);
  });

  it("has no format that a machine does not have", () => {
    expect(hardware("h100-sxm").peakFlopsPerSecond.fp4).toBeUndefined();
    expect(hardware("a100-sxm").peakFlopsPerSecond).not.toHaveProperty("fp8");
  });
});

describe("timeFactor", () => {
  it("is one where nothing is scaled, and what stands there where something is", () => {
    expect(timeFactor(hardware("h100-sxm"), "messages")).toBe(1);
    expect(timeFactor({ times: { messages: 3 } }, "messages")).toBe(3);
    expect(timeFactor({ times: { messages: 3 } }, "kernelStarts")).toBe(1);
  });
});

describe("machines", () => {
  it("lists the registry by year, then by id", () => {
    const keys = machines().map((m) => `${m.released} ${m.id}`);
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : 1)));
  });

  it("is parsed once and frozen, down to peaks and sources", () => {
    expect(machines()).toBe(machines());
    for (const m of machines()) {
      for (const part of [m, m.peakFlopsPerSecond, m.matrixUnit, m.sources]) expect(Object.isFrozen(part), m.id).toBe(true);
    }
  });

  it("gives a source for each of its numbers, and for nothing else", () => {
    for (const m of machines()) {
      const numbers = Object.entries(m).flatMap(([name, value]): string[] => {
        if (typeof value === "number") return [name];
        if (name !== "peakFlopsPerSecond" && name !== "matrixUnit") return [];
        const parts = Object.entries(value as object).filter(([, v]) => typeof v === "number");
        return parts.map(([part]) => `${name}.${part}`);
      });
      expect(Object.keys(m.sources).sort(), m.id).toEqual([...numbers, "matrixUnit"].sort());
    }
  });

  it("counts half the width as at least the same rate", () => {
    for (const { id, peakFlopsPerSecond: peak } of machines()) {
      const { tf32 = 0, bf16 = 0, fp8 = bf16, fp4 = fp8 } = peak;
      expect(tf32 <= bf16 && bf16 <= fp8 && fp8 <= fp4, id).toBe(true);
    }
  });

  it("holds links slower than memory, and networks slower than the scale-up link", () => {
    for (const m of machines()) {
      const { scaleUpBytesPerSecond = 0, networkBytesPerSecond = 0, memoryBytesPerSecond } = m;
      expect(scaleUpBytesPerSecond < memoryBytesPerSecond, m.id).toBe(true);
      if (m.scaleUpBytesPerSecond !== undefined) expect(networkBytesPerSecond < scaleUpBytesPerSecond, m.id).toBe(true);
    }
  });

  it("reaches the stated BF16 peak from units, multiply-adds a clock and clock, within 1 %", () => {
    const complete = machines().filter(
      (m) => m.matrixUnit.count !== undefined && m.matrixUnit.fmaPerClock !== undefined && m.clockHertz !== undefined,
    );
    const stated = complete.filter((m) => m.sources["matrixUnit.fmaPerClock"]?.source !== "estimate"); // B200's is derived from its peak
    expect(stated.map((m) => m.id)).toEqual([
      "tpu-v3",
      "a100-sxm",
      "mi250x",
      "tpu-v4",
      "gaudi-2",
      "h100-sxm",
      "h800-sxm",
      "l40s",
      "mi300x",
      "tpu-v5e",
      "tpu-v5p",
      "gaudi-3",
      "h200-sxm",
      "mi325x",
      "mi355x",
    ]);
    for (const { id, matrixUnit, clockHertz = 0, peakFlopsPerSecond } of stated) {
      const { count = 0, fmaPerClock = 0 } = matrixUnit;
      const peak = count * fmaPerClock * 2 * clockHertz; // H100: 528 x 512 x 2 x 1.83e9 = 989.4e12
      expect(Math.abs(peak / (peakFlopsPerSecond.bf16 as number) - 1), id).toBeLessThan(0.01);
    }
  });

  it("has four tensor cores an SM", () => {
    for (const { id, vendor, matrixUnit, processors = 0 } of machines()) {
      if (vendor === "NVIDIA" && matrixUnit.count !== undefined) expect(matrixUnit.count, id).toBe(4 * processors);
    }
  });
});

describe("readMachines", () => {
  const rows = parseRows("machines.csv", readDataFile("machines.csv"));
  const facts = readFacts("hardware.csv", "hardware");
  const change = (quantity: string, to: Partial<Fact>) =>
    facts.map((f) => (f.subject === "h20" && f.quantity === quantity ? { ...f, ...to } : f));

  it("refuses a fact of no machine, with the nearest", () => {
    expect(() => readMachines(rows, change("processors", { subject: "h21" }))).toThrow(
      'hardware.csv: processors is given for "h21", which is not in machines.csv; nearest: h20, ',
    );
  });

  it("refuses a quantity that no machine has, with the nearest", () => {
    expect(() => readMachines(rows, change("processors", { quantity: "processor" }))).toThrow(
      'hardware.csv: unknown quantity "processor" for h20; nearest: processors, ',
    );
  });

  it("refuses a quantity that is given twice", () => {
    expect(() => readMachines(rows, change("processors", { quantity: "memoryBytes" }))).toThrow(
      "hardware.csv: memoryBytes is given twice for h20",
    );
  });

  it("keeps where words and matrix unit come from, and trusts no unit that was only recalled", () => {
    const head =
      "id,name,vendor,generation,released,memoryKind,processorKind,source,locator,matrixUnit,matrixSource,matrixLocator,confidence,note\n";
    const numbers = ["memoryBytes", "memoryBytesPerSecond"].flatMap((quantity) =>
      ["a", "b"].map((subject) => ({ subject, quantity, value: 1e9, source: "s", locator: "", confidence: "high" as const, note: "" })),
    );
    const [a, b] = readMachines(
      parseRows(
        "machines.csv",
        `${head}a,A,V,G,2020,HBM,SM,paper,p. 1,array,recalled,p. 2,high,as sold\nb,B,V,G,2021,HBM,SM,paper,,array,sheet,,low,\n`,
      ),
      numbers,
    );
    expect(a?.note).toBe("as sold");
    expect(a?.sources.released).toEqual({ source: "paper", locator: "p. 1", confidence: "high", note: "as sold" });
    expect(a?.sources.matrixUnit).toEqual({ source: "recalled", locator: "p. 2", confidence: "low", note: "" });
    expect(b?.note).toBe("");
    expect(b?.sources.released).toEqual({ source: "paper", locator: "", confidence: "low", note: "" });
    expect(b?.sources.matrixUnit).toEqual({ source: "sheet", locator: "", confidence: "low", note: "" });
    const certain = readMachines(
      parseRows("machines.csv", `${head}a,A,V,G,2020,HBM,SM,paper,,array,sheet,,high,\n`),
      numbers.filter((f) => f.subject === "a"),
    );
    expect(certain[0]?.sources.matrixUnit?.confidence).toBe("high");
  });

  it("refuses a machine without memory, with file and line", () => {
    const without = facts.filter((f) => f.subject !== "h100-sxm" || f.quantity !== "memoryBytes");
    expect(() => readMachines(rows, without)).toThrow("machines.csv:3: hardware.csv gives no memoryBytes for h100-sxm");
  });
});
