import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dram } from "../../src/machine/dram";
import {
  accessEfficiency,
  inFlightBandwidth,
  randomAccessBandwidth,
  requestsInFlight,
  requestsPerSecond,
} from "../../src/machine/random-access";

const positive = fc.double({ min: 1e-9, max: 1e12, noNaN: true });
const bad = [0, -1, Number.NaN, Number.POSITIVE_INFINITY];
const hbm3 = { minAccessBytes: 32, rowBytes: 1024, banks: 16, rowCycleSeconds: 45e-9 };
const pseudoChannels = 5 * 32; // five stacks of 16 channels of two
const activations = (160 * 16) / 45e-9; // 56.9e9 rows a second

describe("requestsPerSecond and requestsInFlight", () => {
  it("turns 3.35 TB/s into 52.3 billion requests of 64 B a second, 26,172 of them in flight at 500 ns", () => {
    expect(requestsPerSecond(3.35e12, 64)).toBe(52.34375e9); // 3.35e12 / 64
    expect(requestsInFlight(3.35e12, 500e-9, 64)).toBeCloseTo(26_171.875, 6); // x 500e-9
  });

  it("is what inFlightBandwidth needs to be full, and no fewer", () => {
    fc.assert(
      fc.property(positive, positive, positive, (bytesPerSecond, latencySeconds, requestBytes) => {
        const path = { bytesPerSecond, latencySeconds };
        const full = requestsInFlight(bytesPerSecond, latencySeconds, requestBytes);
        expect(inFlightBandwidth(path, full * 1.001, requestBytes)).toBe(bytesPerSecond);
        expect(inFlightBandwidth(path, full / 2, requestBytes) / bytesPerSecond).toBeCloseTo(0.5, 9);
      }),
    );
  });
});

describe("inFlightBandwidth", () => {
  it("gives what is in flight over the latency, up to the peak", () => {
    const path = { bytesPerSecond: 1e9, latencySeconds: 500e-9 };
    expect(inFlightBandwidth(path, 2, 64)).toBeCloseTo((2 * 64) / 500e-9, 3); // 256 MB/s
    expect(inFlightBandwidth(path, 10, 64)).toBe(1e9); // 1.28 GB/s would be above
  });

  it("never exceeds the peak and never falls with more in flight", () => {
    fc.assert(
      fc.property(positive, positive, positive, positive, positive, (bytesPerSecond, latencySeconds, inFlight, more, size) => {
        const path = { bytesPerSecond, latencySeconds };
        expect(inFlightBandwidth(path, inFlight, size)).toBeLessThanOrEqual(bytesPerSecond);
        expect(inFlightBandwidth(path, inFlight + more, size)).toBeGreaterThanOrEqual(inFlightBandwidth(path, inFlight, size));
      }),
    );
  });
});

describe("randomAccessBandwidth", () => {
  it("opens 16 banks in each of 160 pseudo-channels every 45 ns: 1.82 TB/s of 32 B, the full 3.35 TB/s from 64 B on", () => {
    expect(randomAccessBandwidth(hbm3, pseudoChannels, 3.35e12, 32)).toBeCloseTo(activations * 32, 0);
    expect(activations * 32).toBeCloseTo(1.8204e12, -8);
    expect(randomAccessBandwidth(hbm3, pseudoChannels, 3.35e12, 64)).toBe(3.35e12); // 3.64e12 without the bus
    expect(randomAccessBandwidth(hbm3, pseudoChannels, 3.35e12, 8)).toBeCloseTo((activations * 32) / 4, 0); // a sector for 8 B
  });

  it("takes the timing that the registry has for HBM3", () => {
    const kind = dram("hbm3");
    expect({ ...kind, rowCycleSeconds: kind.rowCycleSeconds as number }).toMatchObject({
      banks: 16,
      rowBytes: 1024,
      minAccessBytes: 32,
      pseudoChannelsPerStack: 32,
    });
    expect(kind.rowCycleSeconds).toBeCloseTo(45e-9, 18);
  });

  it("opens a second row for an access longer than one: 1,056 B bring 528 a row", () => {
    expect(randomAccessBandwidth(hbm3, pseudoChannels, 1e18, 1024)).toBeCloseTo(activations * 1024, 0);
    expect(randomAccessBandwidth(hbm3, pseudoChannels, 1e18, 1056)).toBeCloseTo(activations * 528, 0);
    expect(randomAccessBandwidth(hbm3, pseudoChannels, 1e18, 40)).toBeCloseTo(activations * 40, 0); // two sectors, 40 B of use, one row
  });

  it("never exceeds the peak, and rises over powers of two up to the row", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 512 }),
        fc.double({ min: 1e9, max: 1e14, noNaN: true }),
        fc.integer({ min: 1, max: 100_000 }),
        (channels, peak, size) => {
          expect(randomAccessBandwidth(hbm3, channels, peak, size)).toBeLessThanOrEqual(peak);
          const rising = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map((bytes) => randomAccessBandwidth(hbm3, channels, peak, bytes));
          expect(rising).toEqual([...rising].sort((a, b) => a - b));
        },
      ),
    );
  });

  it("refuses what cannot be, and names it", () => {
    for (const value of [...bad, 1.5]) {
      expect(() => randomAccessBandwidth(hbm3, value, 1, 1)).toThrow(
        new RangeError(`pseudoChannels must be a positive integer, got ${value}`),
      );
      expect(() => randomAccessBandwidth({ ...hbm3, banks: value }, 1, 1, 1)).toThrow(
        new RangeError(`banks must be a positive integer, got ${value}`),
      );
    }
    for (const value of bad) {
      expect(() => randomAccessBandwidth(hbm3, 1, value, 1)).toThrow(
        new RangeError(`peakBytesPerSecond must be a positive number, got ${value}`),
      );
      expect(() => randomAccessBandwidth(hbm3, 1, 1, value)).toThrow(new RangeError(`accessBytes must be a positive number, got ${value}`));
      expect(() => randomAccessBandwidth({ ...hbm3, rowCycleSeconds: value }, 1, 1, 1)).toThrow(
        new RangeError(`rowCycleSeconds must be a positive number, got ${value}`),
      );
      expect(() => randomAccessBandwidth({ ...hbm3, rowBytes: value }, 1, 1, 1)).toThrow(
        new RangeError(`rowBytes must be a positive number, got ${value}`),
      );
      expect(() => randomAccessBandwidth({ ...hbm3, minAccessBytes: value }, 1, 1, 1)).toThrow(
        new RangeError(`atomBytes must be a positive number, got ${value}`),
      );
    }
  });
});

describe("accessEfficiency", () => {
  it("is what an access asks for over the whole atoms that move", () => {
    expect(accessEfficiency(8, 32)).toBe(0.25);
    expect(accessEfficiency(132, 32)).toBe(132 / 160); // an index key: five sectors
    expect(accessEfficiency(132, 128)).toBe(132 / 256); // two lines
    expect(accessEfficiency(656, 32)).toBe(656 / 672); // a selected row: 21 sectors
  });

  it("lies above zero and up to one, and is one exactly for whole atoms", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 4096 }), (access, atom) => {
        const share = accessEfficiency(access, atom);
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThanOrEqual(1);
        expect(share === 1).toBe(access % atom === 0);
      }),
    );
  });
});

it("refuses sizes, rates and latencies that are not positive, and names them", () => {
  const path = { bytesPerSecond: 1, latencySeconds: 1 };
  for (const value of bad) {
    const message = (name: string) => new RangeError(`${name} must be a positive number, got ${value}`);
    expect(() => requestsPerSecond(value, 1)).toThrow(message("bytesPerSecond"));
    expect(() => requestsPerSecond(1, value)).toThrow(message("requestBytes"));
    expect(() => requestsInFlight(value, 1, 1)).toThrow(message("bytesPerSecond"));
    expect(() => requestsInFlight(1, value, 1)).toThrow(message("latencySeconds"));
    expect(() => requestsInFlight(1, 1, value)).toThrow(message("requestBytes"));
    expect(() => inFlightBandwidth({ ...path, bytesPerSecond: value }, 1, 1)).toThrow(message("bytesPerSecond"));
    expect(() => inFlightBandwidth({ ...path, latencySeconds: value }, 1, 1)).toThrow(message("latencySeconds"));
    expect(() => inFlightBandwidth(path, value, 1)).toThrow(message("requestsInFlight"));
    expect(() => inFlightBandwidth(path, 1, value)).toThrow(message("requestBytes"));
    expect(() => accessEfficiency(value, 1)).toThrow(message("accessBytes"));
    expect(() => accessEfficiency(1, value)).toThrow(message("atomBytes"));
  }
});
