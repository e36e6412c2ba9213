import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readConstants } from "../../src/data/constants";
import { messageRatesFigure } from "../../src/figures/message-rates";
import { requestStreamsFigure } from "../../src/figures/request-streams";
import { hardware } from "../../src/machine/hardware";
import { requestsPerSecond } from "../../src/machine/random-access";
import { model } from "../../src/model/registry";
import { withSelection } from "../../src/model/selection";
import { collectiveKeys } from "../../src/network/collective";
import { scaleUpConstantNames } from "../../src/network/exchange-constants";
import {
  breakEvenBytes,
  crossingBytes,
  pathOfSweep,
  streamBytesPerSecond,
  type TransferPath,
  transferTime,
} from "../../src/network/message-path";
import { gpuMessageSeconds, reachedOverNetwork } from "../../src/published/reached-network";
import { decodeStep } from "../../src/step/decode";
import { medianRun } from "../../src/step/median-run";
import { pathPoints } from "../../src/step/path-points";
import { bindingLimit, requestStreams, type StreamQuestion } from "../../src/step/requests";
import {
  flashLimits,
  gpuPostedLimit,
  measuredPaths,
  memoryLimit,
  networkLimits,
  rowBandwidth,
  rowMemory,
  scaleUpLimit,
} from "../../src/step/tiers";

const h800 = hardware("h800-sxm");
const question = {
  model: model("deepseek-v3"),
  hardware: h800,
  weightFormat: "fp8_block",
  requestsPerGpu: 64,
  contextTokens: 4096,
  expertParallel: 128,
} as const;
const card: TransferPath = {
  name: "card",
  initiator: "GPU",
  mover: "network card",
  startSeconds: 3e-6,
  secondsPerMessage: 2e-7,
  bytesPerSecond: 50e9,
};

describe("a transfer", () => {
  it("adds its start, its messages and its bytes, and says which is most", () => {
    // 3 us + 10 x 0.2 us + 10 x 7,168 / 50e9 = 1.4336 us.
    const time = transferTime(card, 10, 7168);
    expect(time.seconds).toBeCloseTo(3e-6 + 2e-6 + 1.4336e-6, 15);
    expect(time.bound).toBe("start");
    expect(transferTime(card, 100, 7168).bound).toBe("messages");
    expect(transferTime(card, 100, 20_000).bound).toBe("bytes");
  });

  it("breaks even where posting costs as much as moving: 0.2 us x 50 GB/s = 10 kB, at half the bandwidth", () => {
    expect(breakEvenBytes(card)).toBeCloseTo(10_000, 6);
    expect(streamBytesPerSecond(card, 10_000)).toBeCloseTo(25e9, 0);
  });

  it("crosses another path where both take as long", () => {
    const copy: TransferPath = { ...card, startSeconds: 8e-6, secondsPerMessage: 0, bytesPerSecond: 100e9 };
    const size = crossingBytes(card, copy) as number;
    // 3.2 us + s / 50e9 = 8 us + s / 100e9: s = 480 kB.
    expect(size).toBeCloseTo(480_000, 3);
    expect(transferTime(card, 1, size).seconds).toBeCloseTo(transferTime(copy, 1, size).seconds, 12);
    expect(crossingBytes(card, { ...card, startSeconds: 9e-6 })).toBeUndefined();
  });

  it("reads a path back off a sweep of its own", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-8, max: 1e-5, noNaN: true }),
        fc.double({ min: 1e9, max: 1e12, noNaN: true }),
        (secondsPerMessage, bytesPerSecond) => {
          const at = (messageBytes: number) => ({
            messageBytes,
            messagesPerSecond: 1 / (secondsPerMessage + messageBytes / bytesPerSecond),
          });
          const path = pathOfSweep(card, [at(1e8), at(1), at(4096)]);
          expect(streamBytesPerSecond(path, 1e8) / (1e8 * at(1e8).messagesPerSecond)).toBeCloseTo(1, 9);
          expect(path.bytesPerSecond / bytesPerSecond).toBeCloseTo(1, 2);
        },
      ),
    );
  });

  it("crosses nowhere where one path is the faster at every size, also by its start alone or its bandwidth alone", () => {
    const a = {
      name: "a",
      initiator: "host",
      mover: "network card",
      startSeconds: 1e-6,
      secondsPerMessage: 0,
      bytesPerSecond: 1e9,
    } as const;
    expect(crossingBytes(a, { ...a, startSeconds: 2e-6 })).toBeUndefined();
    expect(crossingBytes(a, { ...a, bytesPerSecond: 2e9 })).toBeUndefined();
    expect(crossingBytes(a, { ...a, startSeconds: 2e-6, bytesPerSecond: 5e8 })).toBeUndefined();
    // A microsecond later and twice as fast: half a nanosecond a byte is won back over 2,000 bytes.
    expect(crossingBytes(a, { ...a, startSeconds: 2e-6, bytesPerSecond: 2e9 })).toBeCloseTo(2000, 6);
  });

  it("refuses streams and paths that cannot be, by name, and a sweep of no two sizes", () => {
    const a = { name: "a", initiator: "host", mover: "network card", startSeconds: 0, secondsPerMessage: 0, bytesPerSecond: 1e9 } as const;
    expect(() => streamBytesPerSecond(a, 0)).toThrow("messageBytes must be a positive number, got 0");
    expect(() => streamBytesPerSecond({ ...a, bytesPerSecond: 0 }, 1)).toThrow("bytesPerSecond must be a positive number, got 0");
    expect(() => crossingBytes(a, { ...a, startSeconds: -1 })).toThrow("startSeconds must be a number of at least zero, got -1");
    expect(() => crossingBytes({ ...a, secondsPerMessage: -1 }, a)).toThrow("secondsPerMessage must be a number of at least zero, got -1");
    expect(() => pathOfSweep(a, [])).toThrow(new RangeError("a must have at least two sizes, got 0"));
    const row = { messageBytes: 8, messagesPerSecond: 1 };
    expect(() => pathOfSweep(a, [row])).toThrow(new RangeError("a must have at least two sizes, got 1"));
    expect(() => pathOfSweep(a, [row, row])).toThrow(new RangeError("a must have at least two sizes, got 1"));
    // A second for 8 bytes, three for 108: two seconds for 108 bytes.
    const two = pathOfSweep(a, [{ messageBytes: 108, messagesPerSecond: 1 / 3 }, row]);
    expect(two).toMatchObject({ startSeconds: 0, secondsPerMessage: 1, bytesPerSecond: expect.closeTo(54, 9) });
  });

  it("refuses what is no transfer", () => {
    expect(() => transferTime(card, 0, 1)).toThrow("messages");
    expect(() => transferTime(card, 1, 0)).toThrow("messageBytes");
    expect(() => transferTime({ ...card, secondsPerMessage: -1 }, 1, 1)).toThrow("secondsPerMessage");
    expect(() => pathOfSweep(card, [{ messageBytes: 8, messagesPerSecond: 1 }])).toThrow("at least two sizes");
  });
});

describe("measured ways to post messages", () => {
  it("lie within 12 % of what the two ends of each sweep give", () => {
    for (const { error, readOff } of pathPoints()) {
      if (readOff) expect(Math.abs(error)).toBeLessThan(0.005);
      else expect(Math.abs(error)).toBeLessThan(0.12);
    }
  });

  it("are read off the smallest and the largest message of each sweep", () => {
    expect(
      pathPoints()
        .filter(({ readOff }) => readOff)
        .map(({ path, messageBytes }) => [path, messageBytes]),
    ).toEqual([
      ["400 Gb/s, writes, 128 at once", 8],
      ["400 Gb/s, writes, 128 at once", 1_048_576],
      ["400 Gb/s, reads, 256 at once", 8],
      ["400 Gb/s, reads, 256 at once", 1_048_576],
      ["400 Gb/s, writes, one at a time", 1024],
      ["400 Gb/s, writes, one at a time", 67_108_864],
    ]);
  });

  it("break even above the size of a dispatched token when the host posts", () => {
    const [writes] = measuredPaths();
    // 1 / 3.523 million/s x about 49 GB/s.
    expect(breakEvenBytes(writes as TransferPath)).toBeGreaterThan(13_500);
    expect(breakEvenBytes(writes as TransferPath)).toBeLessThan(14_300);
  });
});

describe("requests by size and rate", () => {
  it("divides by hand: 50 GB/s in rows of 7,168 B are 7.0 million a second", () => {
    expect(requestsPerSecond(50e9, 7168) / 1e6).toBeCloseTo(6.98, 2);
  });

  it("gives DeepEP's 39 GB/s at EP256 out and 40 GB/s back, with the message that an exchange sends", () => {
    const widest = reachedOverNetwork().filter((r) => r.expertParallel === 256);
    // 128 x 8 x (7,168 + 56 x 4 + 16) B = 7.59 MB in 194 us; 128 x 8 x 14,336 B in 360 us. DeepSeek prints 39 and 40 beside them.
    expect(widest.map((r) => r.bytesPerSecond / 1e9)).toEqual([expect.closeTo(39.1, 1), expect.closeTo(40.8, 1)]);
    expect(widest.map((r) => Math.floor(r.bytesPerSecond / 1e9))).toEqual([39, 40]);
    const { tasks } = decodeStep(question);
    expect(widest.map((r) => r.messageBytes)).toEqual(["dispatch", "combine"].map((of) => tasks.find(({ name }) => name === of)?.runBytes));
    expect((widest[0]?.messagesPerSecond ?? 0) / 1e6).toBeCloseTo(5.28, 2);
  });

  it("has a message cost at most 16 ns where the GPU posts it, by hand from the times out and back over 256 GPUs", () => {
    // 194 us and 360 us for 1,024 messages of 7,408 and 14,336 B: (14,336 x 189.5 - 7,408 x 351.6) / 6,928 ns.
    const [out, back] = [194e-6 / 1024, 360e-6 / 1024];
    expect(gpuMessageSeconds()).toBeCloseTo((14_336 * out - 7408 * back) / 6928, 15);
    expect(gpuMessageSeconds() * 1e9).toBeCloseTo(16.1, 1);
    expect(gpuPostedLimit(h800)).toMatchObject({ bytesPerSecond: h800.networkBytesPerSecond, requestsPerSecond: 1 / gpuMessageSeconds() });
  });

  it("never takes an exchange's messages faster than the limit that they are held against, nor calls them bound by it", () => {
    const links = { "scale-up": scaleUpLimit(h800), network: gpuPostedLimit(h800) };
    const exchanged = requestStreams(question).filter(({ name }) => ["dispatch", "combine"].includes(name));
    for (const { tier, burstPerSecond } of exchanged)
      expect(burstPerSecond).toBeLessThan(links[tier as keyof typeof links].requestsPerSecond);
    expect(requestStreamsFigure(h800, requestStreams(question)).title).toBe("Bandwidth binds them all");
  });

  it("spreads a step's bytes over its time, and the exchange over both links", () => {
    const streams = requestStreams(question);
    const step = decodeStep(question);
    const cache = streams.find((s) => s.name === "KV cache");
    expect(cache?.bytesPerSecond).toBeCloseTo((64 * 61 * 4096 * 1152) / step.seconds, -3);
    expect(cache?.requestsPerSecond).toBeCloseTo((cache?.bytesPerSecond ?? 0) / 73_728, 0);
    const dispatch = streams.filter((s) => s.name === "dispatch");
    const sent = step.tasks.filter((t) => t.name === "dispatch").reduce((total, t) => total + t.bytes, 0);
    expect(dispatch.map((s) => s.tier)).toEqual(["scale-up", "network"]);
    expect(dispatch.reduce((total, s) => total + s.bytesPerSecond, 0) * step.seconds).toBeCloseTo(sent, 0);
    // 120 of the 127 other GPUs are in other nodes.
    expect((dispatch[1]?.bytesPerSecond ?? 0) / ((dispatch[0]?.bytesPerSecond ?? 1) + (dispatch[1]?.bytesPerSecond ?? 0))).toBeCloseTo(
      120 / 127,
      9,
    );
  });

  it("goes to the network from as many groups of GPUs as the link does not join, also where links only stand in", () => {
    const far = (asked: Partial<StreamQuestion>) => {
      const dispatch = requestStreams({ ...question, ...asked }).filter((s) => s.name === "dispatch");
      const [near, network] = (["scale-up", "network"] as const).map((tier) => dispatch.find((s) => s.tier === tier)?.bytesPerSecond ?? 0);
      return (network as number) / ((near as number) + (network as number));
    };
    // Groups of two GPUs: a node of eight joins four of 64 ranks.
    expect(far({ tensorParallel: 2, dataParallel: 64 })).toBeCloseTo(60 / 63, 9);
    // No link is given for an L40S: eight of sixteen are joined by PCIe.
    expect(far({ hardware: hardware("l40s"), expertParallel: 16, requestsPerGpu: 1 })).toBeCloseTo(8 / 15, 9);
  });

  it("times a step that selects tokens at those it selects, and a kernel as asked", () => {
    const sparse = { ...question, contextTokens: 100_000, attention: "sparse" as const };
    const selecting = { ...question, model: withSelection(question.model, "sparse") };
    const rate = (q: StreamQuestion) => requestStreams(q).find((s) => s.name === "embedding rows")?.requestsPerSecond;
    for (const contextTokens of [100, 100_000]) {
      const { seconds, tasks } = decodeStep({ ...selecting, contextTokens });
      expect(rate({ ...sparse, contextTokens })).toBeCloseTo(64 / seconds, 3);
      expect(tasks.find(({ name }) => name === "attention core")?.bytes).toBe(64 * Math.min(contextTokens, 2048) * 1152);
    }
    const { weightFormat } = question;
    const asked = { ...question, kernel: "moe_torch_flow_cutlass" };
    expect(rate(asked)).toBeCloseTo(64 / decodeStep({ ...asked, weightFormat }).seconds, 3);
    expect(rate(asked)).not.toBeCloseTo(rate(question) ?? 0, 3);
  });

  it("counts exchanged rows on the links alone", () => {
    const memory = requestStreams(question).filter((s) => s.tier === "memory");
    expect(memory.map((s) => s.name).filter((name) => name.endsWith("rows"))).toEqual(["embedding rows"]);
  });

  it("bursts while an exchange runs, and is on one GPU without any", () => {
    const step = decodeStep(question);
    const [first, second] = requestStreams(question).filter((s) => s.name === "dispatch");
    const tasks = step.tasks.filter((t) => t.name === "dispatch");
    const own = tasks.reduce((total, t) => total + t.seconds, 0);
    const sent = tasks.reduce((total, t) => total + t.bytes, 0);
    expect((first?.burstPerSecond ?? 0) + (second?.burstPerSecond ?? 0)).toBeCloseTo(sent / (tasks[0]?.runBytes ?? 0) / own, 0);
    expect(requestStreams({ ...question, expertParallel: 1 }).filter((s) => s.tier !== "memory")).toEqual([]);
  });

  it("counts lookup rows only where they are asked for", () => {
    expect(requestStreams({ ...question, lookupRowsPerToken: 96 }).find((s) => s.tier === "lookup")?.name).toBe("lookup rows");
    const rows = requestStreams({ ...question, lookupRowsPerToken: 96 }).find((s) => s.tier === "lookup");
    expect(rows?.requestsPerSecond).toBeCloseTo((96 * 64) / decodeStep(question).seconds, 3);
    expect(requestStreams(question).some((s) => s.tier === "lookup")).toBe(false);
    expect(() => requestStreams({ ...question, lookupRowsPerToken: 0 })).toThrow("lookupRowsPerToken must be a positive integer, got 0");
  });

  it("binds by requests below bandwidth over rate", () => {
    const limit = { name: "x", bytesPerSecond: 1000, requestsPerSecond: 10 };
    expect(bindingLimit(50, 4, limit)).toEqual({ breakEvenBytes: 100, bandwidthShare: 0.2, rateShare: 0.4, binds: "requests" });
    expect(bindingLimit(100, 4, limit).binds).toBe("bandwidth");
    expect(() => bindingLimit(0, 1, limit)).toThrow("requestBytes must be a positive number, got 0");
    expect(() => bindingLimit(1, 0, limit)).toThrow("requestsPerSecond must be a positive number, got 0");
    expect(() => bindingLimit(1, 1, { ...limit, bytesPerSecond: 0 })).toThrow("bytesPerSecond must be a positive number, got 0");
    expect(() => bindingLimit(1, 1, { ...limit, requestsPerSecond: 0 })).toThrow(
      "requestsPerSecond of the limit must be a positive number, got 0",
    );
  });

  it("knows the limits: rows of five stacks, messages of DeepEP, two drives", () => {
    // 5 x 32 pseudo-channels x 16 banks / 45 ns = 56.9 G/s.
    expect(memoryLimit(h800).requestsPerSecond / 1e9).toBeCloseTo((5 * 32 * 16) / 45, 1);
    expect(scaleUpLimit(h800).bytesPerSecond).toBe(200e9);
    const posting = readConstants("collectives.csv", collectiveKeys, scaleUpConstantNames, "messages inside a node");
    for (const [id, generation] of [
      ["h800-sxm", "Hopper"],
      ["gb200", "Blackwell"],
    ] as const)
      expect(scaleUpLimit(hardware(id)).requestsPerSecond).toBe(
        1 / (posting.get(`deepep-low-latency dispatch ${generation}`)?.secondsPerMessage ?? 0),
      );
    expect([memoryLimit(h800).name, scaleUpLimit(h800).name]).toEqual(["HBM3, rows opened", "scale-up link, as DeepEP posts"]);
    const { networkBytesPerSecond, ...cardless } = h800;
    expect(() => gpuPostedLimit(cardless)).toThrow(new RangeError("h800-sxm has no networkBytesPerSecond"));
    expect(() => networkLimits(cardless)).toThrow(new RangeError("h800-sxm has no networkBytesPerSecond"));
    expect(networkLimits(h800).map((l) => l.requestsPerSecond)).toEqual(measuredPaths().map((p) => 1 / p.secondsPerMessage));
    expect(flashLimits().map((f) => f.requestsPerSecond)).toEqual([4_903_560, 798_519]);
  });
});

describe("the memory of a machine", () => {
  const rows = (id: string) => {
    const { kind, stacks, rowCycleSeconds } = rowMemory(hardware(id));
    return [kind.id, stacks, Math.round(rowCycleSeconds * 1e11) / 100];
  };

  it("is the fewest stacks of its kind that give its bandwidth, with the row cycle of the kind it is built as", () => {
    expect(rows("h100-sxm")).toEqual(["hbm3", 5, 45]); // 3.35 TB/s over 819.2 GB/s: 4.1
    expect(rows("a100-sxm")).toEqual(["hbm2e", 5, 47.48]); // 2.039 over 460.8: 4.4, timings of HBM2
    expect(rows("b200-sxm")).toEqual(["hbm3e", 7, 45]); // 8 over 1.2288: 6.5, timings of HBM3
    expect(rows("vr200")).toEqual(["hbm4", 11, 45]); // 22 over 2.048: 10.7
    expect(rows("tpu-v6e")).toEqual(["hbm3", 2, 45]); // its generation is not published: 1.638 over 819.2, exactly 2
  });

  it("opens a row of each bank in a row cycle", () => {
    expect(memoryLimit(hardware("b200-sxm")).name).toBe("HBM3E, rows opened");
    expect(memoryLimit(hardware("b200-sxm")).requestsPerSecond / 1e9).toBeCloseTo((7 * 32 * 16) / 45, 6);
    expect(rowBandwidth(hardware("b200-sxm"), 32) / 1e9).toBeCloseTo((7 * 32 * 16 * 32) / 45, 6);
    expect(rowBandwidth(hardware("b200-sxm"), 4096)).toBe(8e12);
  });
});

describe("the median run", () => {
  it("takes as typical the run that holds the median byte", () => {
    const stream = (requestBytes: number, bytesPerSecond: number) =>
      ({ name: "", tier: "memory", requestBytes, bytesPerSecond, requestsPerSecond: 1, burstPerSecond: 1 }) as const;
    expect(medianRun([stream(100, 5), stream(1, 2), stream(10, 4)])).toBe(10);
    // Half of the bytes lie up to ten.
    expect(medianRun([stream(100, 5), stream(10, 5)])).toBe(10);
    expect(() => medianRun([])).toThrow("at least one");
  });
});

describe("figures of requests", () => {
  it("hold numbers alone, under 60 KB, and words that hold them", () => {
    for (const figure of [requestStreamsFigure(h800, requestStreams({ ...question, lookupRowsPerToken: 96 })), messageRatesFigure()]) {
      expect(JSON.stringify(figure)).not.toMatch(/NaN|Infinity|undefined/);
      expect(JSON.stringify(figure).length).toBeLessThan(60_000);
      expect(figure.alt.length).toBeGreaterThan(40);
    }
  });

  it("say which streams requests bind, and where memory's bend lies", () => {
    const streams = requestStreams({ ...question, lookupRowsPerToken: 96 });
    const { caption, alt } = requestStreamsFigure(h800, streams);
    expect(caption).toContain("left of every request to memory");
    // The GPU posts dispatch, at most 16 ns a message, where 7,408 B take 148 ns over the card.
    expect(alt).toContain("Requests bind lookup rows (lookup memory); bandwidth binds the others.");
    const crumbs = streams.map((s) => (s.tier === "memory" ? { ...s, requestBytes: 32 } : { ...s, requestBytes: 2 ** 20 }));
    expect(requestStreamsFigure(h800, crumbs).caption).toContain("right of attention");
    expect(
      requestStreamsFigure(
        h800,
        streams.filter((s) => s.requestBytes > 20_000),
      ).alt,
    ).toContain("Bandwidth binds them all.");
  });

  it("draw every stream of the step", () => {
    const streams = requestStreams(question);
    const drawn = requestStreamsFigure(h800, streams)
      .data.filter((t) => t.mode === "markers")
      .flatMap((t) => t.x as readonly number[]);
    expect(drawn).toHaveLength(streams.length);
  });
});
