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
import { decodeAccesses } from "../../src/step/decode-accesses";

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

  it("read no less of a longer context, of full caches in proportion to it, and nothing else more", () => {
    const kept = ["KV cache", "selected KV rows", "selected KV blocks", "index keys"];
    const total = (accesses: ReturnType<typeof decodeAccesses>, name: string) =>
      accesses.filter(({ tensor }) => tensor === name).reduce((sum, a) => sum + a.bytes, 0);
    fc.assert(
      fc.property(asked, (q) => {
        const [once, twice] = [decodeAccesses(q), decodeAccesses({ ...q, contextTokens: 2 * q.contextTokens })];
        expect(twice.map((a) => [a.tensor, a.runBytes])).toEqual(once.map((a) => [a.tensor, a.runBytes]));
        for (const [i, access] of once.entries()) {
          if (!kept.includes(access.tensor)) expect(twice[i]).toEqual(access);
          else {
            expect(twice[i]?.bytes).toBeGreaterThanOrEqual(access.bytes);
            expect(twice[i]?.bytes).toBeLessThanOrEqual(2 * access.bytes * (1 + 1e-12));
          }
        }
        const full = q.model.runs.every(({ blocks }) =>
          blocks.every(
            (b) => b.kind !== "compressed" && (!("window" in b) || b.window === undefined) && (!("chunk" in b) || b.chunk === undefined),
          ),
        );
        if (full)
          expect(total(twice, "KV cache") / Math.max(1, total(once, "KV cache"))).toBeCloseTo(total(once, "KV cache") === 0 ? 0 : 2, 9);
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

  it("move no fewer bytes of experts, and of a dense model's matrices, in a wider format, and of nothing more than in BF16", () => {
    const formats = ["nvfp4", "fp8", "bfloat16"] as const;
    const total = (accesses: ReturnType<typeof decodeAccesses>, keep: (tensor: string) => boolean) =>
      accesses.filter(({ tensor }) => keep(tensor)).reduce((sum, a) => sum + a.bytes, 0);
    fc.assert(
      fc.property(asked, (q) => {
        const [narrow, middle, wide] = formats.map((weightFormat) => decodeAccesses({ ...q, weightFormat })) as [
          ReturnType<typeof decodeAccesses>,
          ReturnType<typeof decodeAccesses>,
          ReturnType<typeof decodeAccesses>,
        ];
        // Beside experts in 4 bits engines keep the rest in BF16, beside those in FP8 in FP8.
        const follows = (tensor: string) => !isMoe(q.model) || tensor.startsWith("routed expert");
        expect(total(narrow, follows)).toBeLessThan(total(middle, follows));
        expect(total(middle, follows)).toBeLessThan(total(wide, follows));
        for (const accesses of [narrow, middle])
          accesses.forEach(({ tensor, bytes }, i) => {
            expect(wide[i]?.tensor).toBe(tensor);
            expect(bytes).toBeLessThanOrEqual(wide[i]?.bytes as number);
          });
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
