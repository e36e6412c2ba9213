import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hardware, machines } from "../../src/machine/hardware";
import { weightFormatNames } from "../../src/machine/number-formats";
import { isMoe } from "../../src/model/model";
import { models } from "../../src/model/registry";
import { collectiveTime } from "../../src/network/collective";
import type { Collective } from "../../src/network/collective-ways";
import { expertExchangeTime, senders } from "../../src/network/exchange";
import { copyBytes, messageBytes } from "../../src/network/message-bytes";
import { breakEvenBytes, crossingBytes, streamBytesPerSecond, type TransferPath, transferTime } from "../../src/network/message-path";
import { computeGivenBack, processorShare } from "../../src/network/processor-tax";
import { exchangeBytes, expertParallelTraffic, tensorParallelTraffic, widthLimit, wireSeconds } from "../../src/network/split";
import { splitTime } from "../../src/network/split-time";
import { decodeAccesses } from "../../src/step/decode-accesses";
import { bindingLimit, requestStreams } from "../../src/step/requests";
import { flashLimits, measuredPaths, memoryLimit, networkLimits, scaleUpLimit } from "../../src/step/tiers";

const few = { numRuns: 60 };
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const linked = machines().filter((m) => m.scaleUpBytesPerSecond !== undefined && m.networkBytesPerSecond !== undefined);
const machine = fc.constantFrom(...linked);
const moe = fc.constantFrom(...models().filter(isMoe));
const size = fc.integer({ min: 1, max: 1 << 28 });

describe("a collective", () => {
  const asked = fc.record({
    collective: fc.constantFrom<Collective>("all-reduce", "all-gather", "reduce-scatter", "all-to-all"),
    hardware: machine,
    bytes: size,
    gpus: fc.constantFrom(2, 4, 8),
  });

  it("is its latency and its transfer, never below its floor, and sends all but a GPU's own share", () => {
    fc.assert(
      fc.property(asked, (q) => {
        const time = collectiveTime(q);
        expect(time.seconds).toBe(Math.max(time.floorSeconds, time.latencySeconds + time.transferSeconds));
        expect(time.wireBytes).toBeCloseTo((q.collective === "all-reduce" ? 2 : 1) * (1 - 1 / q.gpus) * q.bytes, 6);
        expect(time.bound).toBe(time.latencySeconds >= time.transferSeconds ? "latency" : "bandwidth");
      }),
    );
  });

  it("is no slower over twice the link, and has half the floor; no faster with twice the bytes", () => {
    fc.assert(
      fc.property(asked, (q) => {
        const time = collectiveTime(q);
        const wide = collectiveTime({
          ...q,
          hardware: { ...q.hardware, scaleUpBytesPerSecond: 2 * (q.hardware.scaleUpBytesPerSecond as number) },
        });
        expect(wide.floorSeconds).toBe(time.floorSeconds / 2);
        expect(wide.seconds).toBeLessThanOrEqual(time.seconds);
        expect(collectiveTime({ ...q, bytes: 2 * q.bytes }).seconds).toBeGreaterThanOrEqual(time.seconds);
      }),
      few,
    );
  });
});

describe("an exchange of experts", () => {
  const asked = fc
    .record({
      model: moe,
      hardware: machine,
      tokens: fc.integer({ min: 1, max: 4000 }),
      gpus: fc.integer({ min: 1, max: 160 }),
      direction: fc.constantFrom("dispatch", "combine"),
    })
    .map(({ gpus, direction, ...q }) => ({
      ...q,
      direction: direction as "dispatch",
      expertParallel: Math.min(gpus, q.model.routedExperts),
    }));

  it("sends messages of one size, never more than one for each token and expert, and none alone", () => {
    fc.assert(
      fc.property(asked, (q) => {
        const time = expertExchangeTime(q);
        expect(time.bytes).toBeCloseTo(time.messages * time.messageBytes, 3);
        expect(time.messages).toBeLessThanOrEqual(q.tokens * q.model.expertsPerToken);
        if (q.expertParallel === 1) expect(time).toMatchObject({ seconds: 0, bytes: 0, messages: 0 });
        else expect(time.messages / (q.tokens * q.model.expertsPerToken)).toBeCloseTo(1 - 1 / q.expertParallel, 9);
        expect(time.seconds).toBeGreaterThanOrEqual(time.floorSeconds);
      }),
    );
  });

  it("takes no less time for more tokens, and no more over faster links", () => {
    const wider = (m: Hardware): Hardware => ({
      ...m,
      scaleUpBytesPerSecond: 2 * (m.scaleUpBytesPerSecond as number),
      networkBytesPerSecond: 2 * (m.networkBytesPerSecond as number),
    });
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 500 }), (q, more) => {
        const time = expertExchangeTime(q);
        expect(expertExchangeTime({ ...q, tokens: q.tokens + more }).seconds).toBeGreaterThanOrEqual(time.seconds);
        const fast = expertExchangeTime({ ...q, hardware: wider(q.hardware) });
        expect(fast.seconds).toBeLessThanOrEqual(time.seconds);
        expect(fast.floorSeconds).toBe(time.floorSeconds / 2);
      }),
      few,
    );
  });

  it("carries a token back in BF16, out in the format asked for: a header more than a copy", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.constantFrom(...weightFormatNames), (hiddenSize, format) => {
        expect(messageBytes("combine", hiddenSize, format)).toBe(2 * hiddenSize);
        expect(copyBytes("combine", hiddenSize, format)).toBe(2 * hiddenSize);
        expect(messageBytes("dispatch", hiddenSize, format) - copyBytes("dispatch", hiddenSize, format)).toBeCloseTo(16, 6);
      }),
      few,
    );
  });

  it("is sent by no more processors than there are, nor than there are experts, and by all that equal groups allow", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 200 }), (experts, processors) => {
        const used = senders(experts, processors);
        expect(used).toBeLessThanOrEqual(Math.min(experts, processors));
        expect(used * Math.ceil(experts / processors)).toBeGreaterThanOrEqual(experts);
      }),
      few,
    );
  });
});

describe("a transfer", () => {
  const seconds = fc.double({ min: 1e-9, max: 1e-4, noNaN: true });
  const path = fc
    .record({
      startSeconds: fc.oneof(fc.constant(0), seconds),
      secondsPerMessage: seconds,
      bytesPerSecond: fc.integer({ min: 1, max: 2000 }).map((n) => n * 1e9),
    })
    .map((p): TransferPath => ({ ...p, name: "path", initiator: "host", mover: "network card" }));

  it("is what it is made of, pays its start once, and is never faster in two messages than in one", () => {
    fc.assert(
      fc.property(path, fc.integer({ min: 1, max: 1000 }), size, (p, messages, bytes) => {
        const time = transferTime(p, messages, bytes);
        const parts = { start: time.startSeconds, messages: time.messageSeconds, bytes: time.byteSeconds };
        expect(time.seconds).toBeCloseTo(sum(Object.values(parts)), 12);
        expect(parts[time.bound]).toBe(Math.max(...Object.values(parts)));
        expect(time.startSeconds).toBe(p.startSeconds);
        expect(transferTime(p, 2 * messages, bytes / 2).seconds).toBeGreaterThan(time.seconds);
        expect(transferTime(p, messages, 2 * bytes).seconds).toBeGreaterThan(time.seconds);
        expect((transferTime(p, 2 * messages, bytes).seconds - p.startSeconds) / (time.seconds - p.startSeconds)).toBeCloseTo(2, 9);
      }),
    );
  });

  it("streams at half the bandwidth where its messages break even, and at more with longer ones, never all of it", () => {
    fc.assert(
      fc.property(path, size, (p, bytes) => {
        expect(streamBytesPerSecond(p, breakEvenBytes(p)) / p.bytesPerSecond).toBeCloseTo(0.5, 9);
        const reached = streamBytesPerSecond(p, bytes);
        expect(reached).toBeLessThanOrEqual(p.bytesPerSecond);
        expect(streamBytesPerSecond(p, 2 * bytes)).toBeGreaterThanOrEqual(reached);
      }),
      few,
    );
  });

  it("crosses another path at the same size from either side, and not at all where one is always the faster", () => {
    fc.assert(
      fc.property(path, path, (a, b) => {
        const crossing = crossingBytes(a, b);
        const back = crossingBytes(b, a);
        if (crossing === undefined) {
          expect(back).toBeUndefined();
          const first = [1e-3, 1e12].map((bytes) => transferTime(a, 1, bytes).seconds <= transferTime(b, 1, bytes).seconds);
          expect(first[0]).toBe(first[1]);
        } else expect((back as number) / crossing).toBeCloseTo(1, 9);
      }),
      few,
    );
  });
});

describe("a split", () => {
  it("sends bytes in whole messages, twice as many for twice the tokens", () => {
    fc.assert(
      fc.property(moe, fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 1, max: 512 }), (model, tokensPerGpu, gpus) => {
        for (const traffic of [tensorParallelTraffic, expertParallelTraffic]) {
          const sent = traffic({ model, tokensPerGpu, gpus });
          expect(sent.messages * sent.messageBytes).toBeCloseTo(sent.bytes, 3);
          expect(traffic({ model, tokensPerGpu: 2 * tokensPerGpu, gpus }).bytes).toBeCloseTo(2 * sent.bytes, 3);
          expect(traffic({ model, tokensPerGpu, gpus: gpus + 1 }).bytes).toBeGreaterThan(sent.bytes);
        }
      }),
      few,
    );
  });

  it("cuts an expert into whole blocks and no finer, and needs the wire for its bytes in proportion", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 128, max: 20_000 }),
        fc.constantFrom(32, 64, 128),
        size,
        machine,
        (width, block, copies, { networkBytesPerSecond = 0 }) => {
          const most = widthLimit(width, block);
          expect(width / most).toBeGreaterThanOrEqual(block);
          expect(width / (most + 1)).toBeLessThan(block);
          expect(exchangeBytes(2 * copies, width)).toBe(2 * exchangeBytes(copies, width));
          expect(wireSeconds(2 * copies, networkBytesPerSecond)).toBe(2 * wireSeconds(copies, networkBytesPerSecond));
        },
      ),
      few,
    );
  });

  it("is timed inside its link alone, and takes no less for more tokens", () => {
    fc.assert(
      fc.property(
        moe,
        machine,
        fc.integer({ min: 1, max: 512 }),
        fc.constantFrom(2, 4, 8, 16, 32),
        (model, hardware, tokensPerGpu, gpus) => {
          const one = splitTime({ model, hardware, tokensPerGpu, gpus });
          const more = splitTime({ model, hardware, tokensPerGpu: tokensPerGpu + 64, gpus });
          expect(one.tensorSeconds === undefined).toBe(gpus > (hardware.scaleUpDomain ?? gpus));
          expect(one.expertSeconds === undefined).toBe(gpus > model.routedExperts);
          if (one.tensorSeconds !== undefined) expect(more.tensorSeconds).toBeGreaterThanOrEqual(one.tensorSeconds);
          if (one.expertSeconds !== undefined) expect(more.expertSeconds).toBeGreaterThanOrEqual(one.expertSeconds);
        },
      ),
      few,
    );
  });
});

it("processors given back count once: from many to few is from many to some, then from some to few", () => {
  const count = fc.integer({ min: 0, max: 131 });
  fc.assert(
    fc.property(count, count, count, (many, some, few) => {
      expect(computeGivenBack(many, some, 132) * computeGivenBack(some, few, 132)).toBeCloseTo(computeGivenBack(many, few, 132), 9);
      expect(computeGivenBack(many, many, 132)).toBe(1);
      expect(computeGivenBack(many, some, 132) >= 1).toBe(some <= many);
      expect(processorShare(many, 132) * 132).toBeCloseTo(many, 9);
    }),
  );
});

describe("streams of requests", () => {
  it("carry the bytes of the step: rate times size is bandwidth, and memory's bytes are those that are accessed", () => {
    const asked = fc.record({
      model: moe,
      hardware: machine,
      requestsPerGpu: fc.integer({ min: 1, max: 200 }),
      contextTokens: fc.integer({ min: 1, max: 10_000 }),
      gpus: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(asked, ({ gpus, ...q }) => {
        const question = { ...q, expertParallel: Math.min(gpus, q.model.routedExperts), weightFormat: "fp8_block" as const };
        const streams = requestStreams({ ...question, lookupRowsPerToken: 3 });
        for (const s of streams) {
          expect((s.requestBytes * s.requestsPerSecond) / s.bytesPerSecond).toBeCloseTo(1, 9);
          expect(s.burstPerSecond).toBeGreaterThanOrEqual(s.requestsPerSecond * (1 - 1e-9));
        }
        const read = sum(streams.filter((s) => s.tier === "memory").map((s) => s.bytesPerSecond));
        const accessed = sum(
          decodeAccesses(question)
            .filter((a) => !/dispatched|combined/.test(a.tensor))
            .map((a) => a.bytes),
        );
        const lookup = streams.find((s) => s.tier === "lookup");
        const seconds = (3 * q.requestsPerGpu) / (lookup?.requestsPerSecond as number);
        expect((read * seconds) / accessed).toBeCloseTo(1, 9);
      }),
      few,
    );
  });

  it("meet the limit whose share they use most, and use twice of both at twice the rate", () => {
    const rate = fc.integer({ min: 1, max: 1e6 }).map((n) => n * 1e6);
    fc.assert(
      fc.property(size, rate, rate, rate, (bytes, rps, bytesPerSecond, requestsPerSecond) => {
        const limit = { name: "limit", bytesPerSecond, requestsPerSecond };
        const binding = bindingLimit(bytes, rps, limit);
        if (binding.binds === "requests") expect(binding.rateShare).toBeGreaterThanOrEqual(binding.bandwidthShare * (1 - 1e-12));
        else expect(binding.bandwidthShare).toBeGreaterThanOrEqual(binding.rateShare * (1 - 1e-12));
        const twice = bindingLimit(bytes, 2 * rps, limit);
        expect(twice.rateShare).toBe(2 * binding.rateShare);
        expect(twice.bandwidthShare).toBe(2 * binding.bandwidthShare);
      }),
      few,
    );
  });

  it("meet limits above zero on every machine that has the tier", () => {
    for (const m of linked)
      for (const limit of [memoryLimit(m), scaleUpLimit(m), ...networkLimits(m), ...flashLimits()]) {
        expect(limit.bytesPerSecond, `${m.id} ${limit.name}`).toBeGreaterThan(0);
        expect(limit.requestsPerSecond, `${m.id} ${limit.name}`).toBeGreaterThan(0);
      }
    for (const path of measuredPaths()) expect(breakEvenBytes(path)).toBeGreaterThan(64);
  });
});
