import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { type HardwareChanges, whatIfHardware } from "../../src/machine/what-if-hardware";

const h100 = hardware("h100-sxm");

describe("what-if machine", () => {
  it("takes a value or a factor, and leaves all else and the base as they are", () => {
    const base = JSON.stringify(h100);
    const other = whatIfHardware(h100, { memoryBytesPerSecond: { times: 2 }, scaleUpDomain: 576, "matrixUnit.rows": 512 });
    expect(other).toMatchObject({ memoryBytesPerSecond: 2 * 3.35e12, scaleUpDomain: 576, matrixUnit: { ...h100.matrixUnit, rows: 512 } });
    expect(other.peakFlopsPerSecond).toEqual(h100.peakFlopsPerSecond);
    expect(other.sources.memoryBytesPerSecond).toMatchObject({ source: "what-if", note: `in place of ${h100.memoryBytesPerSecond}` });
    expect(other.sources.memoryBytes).toBe(h100.sources.memoryBytes);
    expect(other.id).toBe("h100-sxm-what-if");
    expect(other.name).toBe("H100 SXM with other memoryBytesPerSecond, scaleUpDomain, matrixUnit.rows");
    expect(JSON.stringify(h100)).toBe(base);
    expect(whatIfHardware(h100, {})).toBe(h100);
  });

  it("says of a number that stands in place of nothing", () => {
    const { sources } = whatIfHardware(h100, { "peakFlopsPerSecond.fp4": 4e15 });
    expect(sources["peakFlopsPerSecond.fp4"]).toEqual({ source: "what-if", locator: "", confidence: "low", note: "in place of nothing" });
  });

  it("takes a cache as large as the memory, and a machine without one", () => {
    expect(whatIfHardware(h100, { cacheBytes: h100.memoryBytes }).cacheBytes).toBe(h100.memoryBytes);
    const { cacheBytes: _, ...without } = h100;
    expect(whatIfHardware(without, { memoryBytes: 1 }).memoryBytes).toBe(1);
  });

  it("refuses a base that is no machine", () => {
    expect(() => whatIfHardware("h100-sxm" as never, {})).toThrow("base must be a machine, as hardware(id) gives, got h100-sxm");
    expect(() => whatIfHardware({} as never, {})).toThrow("base.peakFlopsPerSecond must be a record of rates by format, got undefined");
  });

  it("changes every format by one factor, or one of them", () => {
    const half = whatIfHardware(h100, { peakFlopsPerSecond: { times: 0.5 } }).peakFlopsPerSecond;
    for (const [format, peak] of Object.entries(h100.peakFlopsPerSecond)) expect(half[format as "bf16"]).toBe(peak / 2);
    expect(whatIfHardware(h100, { "peakFlopsPerSecond.fp4": 4e15 }).peakFlopsPerSecond).toEqual({ ...h100.peakFlopsPerSecond, fp4: 4e15 });
  });

  it("scales times that no datasheet gives, from one", () => {
    expect(whatIfHardware(h100, { "times.kernelStarts": 0.1, "times.messages": { times: 2 } }).times).toEqual({
      kernelStarts: 0.1,
      messages: 2,
    });
    expect(h100.times).toBeUndefined();
    expect(() => whatIfHardware(h100, { "times.kernelStart": 2 })).toThrow(
      /unknown field "times.kernelStart"; nearest: times.kernelStarts/,
    );
  });

  it.each<[HardwareChanges, RegExp]>([
    [{ memoryBytesPerSecnd: 1 }, /unknown field "memoryBytesPerSecnd"; nearest: memoryBytesPerSecond/],
    [{ name: 1 }, /unknown field "name"/],
    [{ memoryBytes: 0 }, /memoryBytes must be/],
    [{ memoryBytes: Number.NaN }, /memoryBytes must be/],
    [{ memoryBytes: { times: -1 } }, /memoryBytes.times must be/],
    [{ processors: 1.5 }, /processors must be a positive integer, got 1.5/],
    [{ scaleUpDomain: 1.5 }, /scaleUpDomain must be a positive integer, got 1.5/],
    [{ "matrixUnit.rows": 1.5 }, /matrixUnit.rows must be a positive integer, got 1.5/],
    [{ "matrixUnit.columns": 1.5 }, /matrixUnit.columns must be a positive integer, got 1.5/],
    [{ "matrixUnit.count": 1.5 }, /matrixUnit.count must be a positive integer, got 1.5/],
    [{ memoryBytesPerSecnd: 1 }, /nearest: memoryBytesPerSecond, networkBytesPerSecond, memoryBytes$/],
    [{ memoryBytes: null as unknown as number }, /memoryBytes must be a number or \{ times: number \}, got null/],
    [{ processors: { times: 1.01 } }, /processors must be a positive integer/],
    [{ "peakFlopsPerSecond.fp4": { times: 2 } }, /h100-sxm has no peakFlopsPerSecond.fp4 to multiply/],
    [{ peakFlopsPerSecond: 1e15 }, /peakFlopsPerSecond must be a factor/],
    [{ cacheBytes: 1e12 }, /cacheBytes must be at most memoryBytes/],
    [{ memoryBytes: "2" as unknown as number }, /memoryBytes must be a number or \{ times: number \}, got 2/],
  ])("refuses %o", (changes, message) => {
    expect(() => whatIfHardware(h100, changes)).toThrow(message);
  });
});
