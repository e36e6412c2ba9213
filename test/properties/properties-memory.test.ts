import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drams } from "../../src/machine/dram";
import { weightFormatNames } from "../../src/machine/number-formats";
import {
  accessEfficiency,
  inFlightBandwidth,
  randomAccessBandwidth,
  requestsInFlight,
  requestsPerSecond,
} from "../../src/machine/random-access";
import { isMoe } from "../../src/model/model";
import { models } from "../../src/model/registry";
import { decodeAccesses } from "../../src/step/accesses";

const few = { numRuns: 60 };
const size = fc.integer({ min: 1, max: 1 << 20 });
const rate = fc.integer({ min: 1, max: 8000 }).map((n) => n * 1e9);

describe("requests to a memory", () => {
  it("carry its bandwidth: rate times size, and what is in flight over the latency", () => {
    fc.assert(
      fc.property(rate, size, fc.integer({ min: 1, max: 5000 }), (bytesPerSecond, bytes, ns) => {
        expect(requestsPerSecond(bytesPerSecond, bytes) * bytes).toBeCloseTo(bytesPerSecond, 0);
        const inFlight = requestsInFlight(bytesPerSecond, ns * 1e-9, bytes);
        expect((inFlight * bytes) / (ns * 1e-9) / bytesPerSecond).toBeCloseTo(1, 9);
        expect(requestsInFlight(bytesPerSecond, 2e-9 * ns, bytes)).toBeCloseTo(2 * inFlight, 6);
      }),
      few,
    );
  });

  it("draw no more than there is, and no less with more of them or longer ones", () => {
    fc.assert(
      fc.property(
        rate,
        size,
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 100_000 }),
        (bytesPerSecond, bytes, ns, inFlight) => {
          const path = { bytesPerSecond, latencySeconds: ns * 1e-9 };
          const drawn = inFlightBandwidth(path, inFlight, bytes);
          expect(drawn).toBeLessThanOrEqual(bytesPerSecond);
          expect(inFlightBandwidth(path, inFlight + 1, bytes)).toBeGreaterThanOrEqual(drawn);
          expect(inFlightBandwidth(path, inFlight, bytes + 1)).toBeGreaterThanOrEqual(drawn);
          expect(inFlightBandwidth({ ...path, latencySeconds: path.latencySeconds / 2 }, inFlight, bytes)).toBeGreaterThanOrEqual(drawn);
        },
      ),
      few,
    );
  });

  it("at random draw no more than the useful share of the peak, and no less from more banks or shorter row cycles", () => {
    const timed = drams().filter((d) => d.rowCycleSeconds !== undefined);
    fc.assert(
      fc.property(fc.constantFrom(...timed), rate, size, fc.integer({ min: 1, max: 512 }), (kind, peak, bytes, channels) => {
        const dram = { ...kind, rowCycleSeconds: kind.rowCycleSeconds as number };
        const drawn = randomAccessBandwidth(dram, channels, peak, bytes);
        expect(drawn).toBeLessThanOrEqual(peak * accessEfficiency(bytes, dram.minAccessBytes));
        for (const better of [
          randomAccessBandwidth(dram, 2 * channels, peak, bytes),
          randomAccessBandwidth({ ...dram, banks: 2 * dram.banks }, channels, peak, bytes),
          randomAccessBandwidth({ ...dram, rowCycleSeconds: dram.rowCycleSeconds / 2 }, channels, peak, bytes),
          randomAccessBandwidth(dram, channels, 2 * peak, bytes),
        ])
          expect(better).toBeGreaterThanOrEqual(drawn);
      }),
      few,
    );
  });

  it("find at least as much of use in an access of twice as many atoms, and all of it in whole ones", () => {
    fc.assert(
      fc.property(size, fc.constantFrom(16, 32, 64), (bytes, atom) => {
        expect(accessEfficiency(2 * bytes, atom)).toBeGreaterThanOrEqual(accessEfficiency(bytes, atom));
        expect(accessEfficiency(bytes * atom, atom)).toBe(1);
      }),
      few,
    );
  });
});

describe("accesses of a decode step", () => {
  const asked = fc
    .record({
      model: fc.constantFrom(...models()),
      weightFormat: fc.constantFrom(...weightFormatNames),
      requestsPerGpu: fc.integer({ min: 1, max: 500 }),
      contextTokens: fc.integer({ min: 1, max: 50_000 }),
      gpus: fc.integer({ min: 1, max: 128 }),
    })
    .map(({ gpus, ...q }) => ({ ...q, expertParallel: Math.min(gpus, Math.max(1, q.model.routedExperts)) }));

  it("read the cache in proportion to the context, and nothing else of it", () => {
    fc.assert(
      fc.property(asked, (q) => {
        const [once, twice] = [decodeAccesses(q), decodeAccesses({ ...q, contextTokens: 2 * q.contextTokens })];
        expect(twice.map((a) => a.tensor)).toEqual(once.map((a) => a.tensor));
        for (const [i, access] of once.entries())
          expect(twice[i]).toEqual({ ...access, bytes: access.tensor === "KV cache" ? 2 * access.bytes : access.bytes });
      }),
      few,
    );
  });

  it("share the routed experts among the GPUs: over all of them no more than every expert once, all of them with enough requests", () => {
    fc.assert(
      fc.property(asked, (q) => {
        const experts = (requestsPerGpu: number) =>
          decodeAccesses({ ...q, requestsPerGpu }).filter((a) => a.tensor.startsWith("routed expert"));
        for (const { bytes, runBytes } of experts(q.requestsPerGpu))
          expect(bytes * q.expertParallel).toBeLessThanOrEqual(runBytes * q.model.moeLayers * q.model.routedExperts * (1 + 1e-9));
        for (const { bytes, runBytes } of experts(1_000_000))
          expect((bytes * q.expertParallel) / (runBytes * q.model.moeLayers * q.model.routedExperts)).toBeCloseTo(1, 9);
        expect(experts(1).length > 0).toBe(isMoe(q.model));
      }),
      few,
    );
  });

  it("move no fewer bytes in a wider format", () => {
    const total = (accesses: ReturnType<typeof decodeAccesses>) => accesses.reduce((sum, a) => sum + a.bytes, 0);
    fc.assert(
      fc.property(asked, (q) => {
        expect(total(decodeAccesses({ ...q, weightFormat: "nvfp4" }))).toBeLessThan(total(decodeAccesses({ ...q, weightFormat: "fp8" })));
        expect(total(decodeAccesses({ ...q, weightFormat: "fp8" }))).toBeLessThan(
          total(decodeAccesses({ ...q, weightFormat: "bfloat16" })),
        );
      }),
      few,
    );
  });
});

it("a stack of any kind of DRAM is as fast as the bursts of its pseudo-channels, and closes a row before it opens another", () => {
  for (const d of drams()) {
    if (d.burstGapSeconds !== undefined) {
      const bursts = (d.pseudoChannelsPerStack * d.minAccessBytes) / d.burstGapSeconds;
      expect(bursts / d.bytesPerSecondPerStack, d.id).toBeGreaterThan(0.95);
      expect(bursts / d.bytesPerSecondPerStack, d.id).toBeLessThan(1.05);
    }
    if (d.burstGapSeconds !== undefined && d.sameGroupBurstGapSeconds !== undefined)
      expect(d.sameGroupBurstGapSeconds).toBeGreaterThanOrEqual(d.burstGapSeconds);
    if (d.rowActiveSeconds !== undefined && d.rowToColumnSeconds !== undefined)
      expect(d.rowActiveSeconds).toBeGreaterThan(d.rowToColumnSeconds);
  }
});
