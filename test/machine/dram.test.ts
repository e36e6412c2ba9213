import { describe, expect, it } from "vitest";
import { readFacts } from "../../src/data/rows";
import { source } from "../../src/data/sources";
import { dram, drams, readDrams } from "../../src/machine/dram";

describe("dram", () => {
  it("gives HBM3 from one pseudo-channel up", () => {
    expect(dram("hbm3")).toMatchObject({
      name: "HBM3",
      minAccessBytes: 32, // 32 bits x 8 beats
      rowBytes: 1024,
      banks: 16,
      rowCycleSeconds: 45 * 1e-9,
      burstGapSeconds: 1.25e-9,
      pseudoChannelsPerStack: 32, // 16 channels x 2
      bytesPerSecondPerStack: 819.2e9,
    });
  });

  it("says where each number comes from", () => {
    for (const kind of drams()) {
      expect(Object.keys(kind.sources)).toContain("rowBytes");
      for (const { source: id, locator, confidence } of Object.values(kind.sources)) {
        expect(source(id).id, kind.id).toBe(id);
        expect(typeof locator).toBe("string");
        expect(["high", "medium", "low"]).toContain(confidence);
      }
    }
  });

  it("lists the kinds that have a source", () => {
    expect(drams().map((d) => d.id)).toEqual(["hbm2", "hbm2e", "hbm3", "hbm3e", "hbm4", "gddr6", "ddr5-4800", "ddr5-6400", "lpddr5-6400"]);
  });

  it("names the nearest ids when there is no such kind", () => {
    expect(() => dram("hbm5")).toThrow(/^unknown dram "hbm5"; nearest: hbm2, hbm3, hbm4$/);
  });

  it("is parsed once and frozen", () => {
    expect(drams()).toBe(drams());
    expect(Object.isFrozen(dram("hbm3"))).toBe(true);
  });

  it("moves 32 bytes at least, 64 in DDR5", () => {
    for (const { id, minAccessBytes } of drams()) expect(minAccessBytes, id).toBe(id.startsWith("ddr5") ? 64 : 32);
  });

  it("reaches the listed bandwidth from bursts and their gap, within 1 %", () => {
    const timed = drams().filter((d) => d.burstGapSeconds !== undefined);
    expect(timed).toHaveLength(7);
    for (const d of timed) {
      const bytesPerSecond = (d.pseudoChannelsPerStack * d.minAccessBytes) / (d.burstGapSeconds as number); // HBM3: 32 x 32 / 1.25 ns = 819.2 GB/s
      expect(Math.abs(bytesPerSecond / d.bytesPerSecondPerStack - 1), d.id).toBeLessThan(0.01);
    }
  });

  it("opens and closes a row in one row cycle", () => {
    for (const { id, rowCycleSeconds, rowActiveSeconds = 0, prechargeSeconds = 0 } of drams()) {
      if (rowCycleSeconds !== undefined)
        expect(Math.abs((rowActiveSeconds + prechargeSeconds) / rowCycleSeconds - 1), id).toBeLessThan(0.02);
    }
  });

  it("has no timing where none was found", () => {
    expect(dram("hbm3e").rowCycleSeconds).toBeUndefined();
    expect(dram("hbm2e")).not.toHaveProperty("burstGapSeconds");
  });
});

describe("readDrams", () => {
  const facts = readFacts("memory.csv", "memory").filter((f) => f.subject === "hbm3");

  it("refuses a quantity that is missing, doubled or unknown", () => {
    expect(() => readDrams(facts.filter((f) => f.quantity !== "banks"))).toThrow("memory.csv: no banks for hbm3");
    expect(() => readDrams([...facts, ...facts.slice(0, 1)])).toThrow("memory.csv: channels is given twice for hbm3");
    expect(() => readDrams(facts.map((f) => (f.quantity === "banks" ? { ...f, quantity: "bank" } : f)))).toThrow(
      'memory.csv: unknown quantity "bank" for hbm3; nearest: banks, ',
    );
  });
});
