import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { number, readRows, text } from "../../src/data/rows";
import { hardware } from "../../src/machine/hardware";
import { type HardwareChanges, whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
import { type ExpertExchange, expertExchangeTime, senders } from "../../src/network/exchange";
import type { ExchangeTables } from "../../src/network/exchange-constants";
import { copyBytes, messageBytes } from "../../src/network/message-bytes";

const v3 = model("deepseek-v3");
const h800 = hardware("h800-sxm");
const tables: ExchangeTables = {
  scaleUp: new Map([
    [
      "deepep-low-latency dispatch Hopper",
      { fixedSeconds: 1e-5, secondsPerExpert: 1e-8, secondsPerMessage: 1e-9, efficiency: 0.5, secondsPerToken: 1e-12, overlapExponent: 1 },
    ],
  ]),
  network: new Map([
    [
      "deepep-low-latency network Hopper",
      {
        dispatchSeconds: 2e-5,
        dispatchDoublingSeconds: 2e-6,
        combineSeconds: 0,
        combineDoublingSeconds: 0,
        efficiency: 1,
        secondsPerMessage: 0,
      },
    ],
  ]),
  copy: new Map(),
  forward: new Map(),
};

describe("time of an expert all-to-all", () => {
  it("counts the bytes of a message: FP8, a scale every 128, a header; BF16 on the way back", () => {
    expect(messageBytes("dispatch", 7168)).toBe(7168 + 56 * 4 + 16);
    expect(messageBytes("combine", 7168)).toBe(14336);
    expect(messageBytes("dispatch", 7168, "bfloat16")).toBe(14336 + 16);
  });

  it("deals experts to processors in equal groups", () => {
    expect([8, 128, 160, 256, 288, 384].map((experts) => senders(experts, 132))).toEqual([8, 128, 80, 128, 96, 128]);
  });

  it("adds latency, messages and bytes inside a node", () => {
    const time = expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens: 128, expertParallel: 8 }, tables);
    // 128 tokens x 8 experts x 7/8 on other GPUs = 896 messages of 7,408 B over half of 200 GB/s.
    expect(time.messages).toBe(896);
    expect(time.seconds).toBeCloseTo(1e-5 + 256e-8 + 896e-9 + (896 * 7408) / 100e9, 12);
    expect(time.floorSeconds).toBeCloseTo((896 * 7408) / 200e9, 12);
  });

  it("takes the slower link across nodes", () => {
    const time = expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens: 128, expertParallel: 16 }, tables);
    // Half of the 1,024 messages go to the other node at 50 GB/s; 7/16 stay inside at 100 GB/s. One doubling of nodes.
    expect(time.seconds).toBeCloseTo(2.2e-5 + (512 * 7408) / 50e9, 12);
    expect(time.bound).toBe("network");
  });

  it("has on a what-if machine a latency and messages that take so many times as long, inside a node and across nodes", () => {
    const wider: ExchangeTables = {
      ...tables,
      network: new Map([...tables.network].map(([key, c]) => [key, { ...c, secondsPerMessage: 1e-6 }])),
      copy: new Map([
        ["trtllm-one-sided dispatch Blackwell", { fixedSeconds: 4e-6, doublingSeconds: 1e-6, efficiency: 0.5, memoryPasses: 0 }],
      ]),
    };
    const ask = (changes: HardwareChanges, expertParallel: number, implementation?: ExpertExchange) => {
      const asked = { direction: "dispatch", model: v3, hardware: whatIfHardware(h800, changes), tokens: 128, expertParallel } as const;
      return expertExchangeTime(implementation === undefined ? asked : { ...asked, implementation }, wider).seconds;
    };
    const latency = { "times.messageLatency": { times: 3 } };
    const messages = { "times.messages": { times: 3 } };
    const link = (896 * 7408) / 100e9;
    expect(ask(latency, 8)).toBeCloseTo(3 * (1e-5 + 256e-8) + 896e-9 + link, 12);
    expect(ask(messages, 8)).toBeCloseTo(1e-5 + 256e-8 + 3 * 896e-9 + link, 12);
    // 512 messages to the other node at 1 us each, of which the card could carry more.
    expect(ask(latency, 16)).toBeCloseTo(3 * 2.2e-5 + 512e-6, 12);
    expect(ask(messages, 16)).toBeCloseTo(2.2e-5 + 3 * 512e-6, 12);
    // 128 tokens, one copy for each of 8 ranks, 7 of 8 of them other GPUs; scales, no header.
    expect(ask(latency, 8, "trtllm-one-sided")).toBeCloseTo(3 * 7e-6 + (896 * 7392) / 100e9, 12);
  });

  it("says how many of its bytes go over the network", () => {
    const { bytes, networkBytes } = expertExchangeTime(
      { direction: "dispatch", model: v3, hardware: h800, tokens: 128, expertParallel: 16 },
      tables,
    );
    expect(bytes).toBe((512 + 448) * 7408);
    expect(networkBytes).toBe(512 * 7408);
  });

  it("counts all that it is made of inside a node, and names what takes longest", () => {
    const ask = (c: object, tokens = 128) => {
      const constants = {
        fixedSeconds: 0,
        secondsPerExpert: 0,
        secondsPerMessage: 0,
        efficiency: 1,
        secondsPerToken: 0,
        overlapExponent: 1,
        ...c,
      };
      const scaleUp = new Map([["deepep-low-latency dispatch Hopper", constants]]);
      return expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens, expertParallel: 8 }, { ...tables, scaleUp });
    };
    const link = (896 * 7408) / 200e9;
    expect(ask({})).toMatchObject({
      seconds: link,
      scaleUpSeconds: link,
      networkSeconds: 0,
      latencySeconds: 0,
      bound: "scale-up",
      bytes: 896 * 7408,
      messageBytes: 7408,
    });
    expect(ask({ secondsPerMessage: 1e-6 })).toMatchObject({ bound: "messages", scaleUpSeconds: 896e-6 + link });
    // 256 experts on 132 processors: two each, so 128 send; 128 tokens of 0.1 ms over them.
    expect(ask({ secondsPerToken: 1e-4 })).toMatchObject({ bound: "messages", seconds: 1e-4 });
    expect(ask({ fixedSeconds: 1e-3, secondsPerExpert: 1e-6 })).toMatchObject({
      bound: "latency",
      latencySeconds: 1e-3 + 256e-6,
      processorSeconds: 1e-3 + 256e-6,
    });
    expect(ask({ fixedSeconds: link }).bound).toBe("latency");
    expect(ask({ secondsPerMessage: link / 896 }).bound).toBe("scale-up");
    // What the rate of tokens leaves beyond the messages themselves, against the link.
    expect(ask({ secondsPerMessage: 1e-9, secondsPerToken: 2 * link + 896e-9 }).bound).toBe("messages");
    expect(ask({ secondsPerMessage: 0.9e-9, secondsPerToken: link }).bound).toBe("scale-up");
    // 130 experts on 132 processors are sent by one each.
    const own = { direction: "dispatch", model: { ...v3, routedExperts: 130 }, hardware: h800, tokens: 130, expertParallel: 2 } as const;
    const slow = { fixedSeconds: 0, secondsPerExpert: 0, secondsPerMessage: 0, efficiency: 1, secondsPerToken: 1e-3, overlapExponent: 1 };
    const rated = (hardware: typeof h800, generation = "Hopper") =>
      expertExchangeTime({ ...own, hardware }, { ...tables, scaleUp: new Map([[`deepep-low-latency dispatch ${generation}`, slow]]) })
        .seconds;
    expect(rated(h800)).toBeCloseTo(1e-3, 12);
    const { processors, ...unsaid } = h800;
    expect(rated(unsaid)).toBeCloseTo(2e-3, 12);
    // Blackwell has constants of its own.
    expect(rated({ ...h800, generation: "Blackwell" }, "Blackwell")).toBeCloseTo(1e-3, 12);
    expect(() => rated({ ...h800, generation: "Blackwell" })).toThrow("no constants for deepep-low-latency dispatch Blackwell");
    expect(ask({ fixedSeconds: 3, efficiency: link / 4, overlapExponent: 2 }).seconds).toBeCloseTo(5, 9);
    const better = ask({ efficiency: 100 });
    expect(better.seconds).toBe(better.floorSeconds);
  });

  it("starts once a direction and doubling of nodes, and has its slower link for a floor across nodes", () => {
    const both: ExchangeTables = {
      ...tables,
      scaleUp: new Map(
        ["dispatch", "combine"].map((d) => [
          `deepep-low-latency ${d} Hopper`,
          { fixedSeconds: 1e-5, secondsPerExpert: 1e-8, secondsPerMessage: 0, efficiency: 1, secondsPerToken: 0, overlapExponent: 1 },
        ]),
      ),
      network: new Map([
        [
          "deepep-low-latency network Hopper",
          {
            dispatchSeconds: 2e-5,
            dispatchDoublingSeconds: 2e-6,
            combineSeconds: 3e-5,
            combineDoublingSeconds: 5e-6,
            efficiency: 0.5,
            secondsPerMessage: 0,
          },
        ],
      ]),
    };
    const ask = (direction: "dispatch" | "combine", tokens: number, change: object = {}) =>
      expertExchangeTime({ direction, model: v3, hardware: { ...h800, ...change }, tokens, expertParallel: 32 }, both);
    // 4 nodes are two doublings. Of 8 T messages 24/32 leave the node and 7/32 cross NVLink.
    const out = ask("dispatch", 128);
    expect(out.latencySeconds).toBeCloseTo(24e-6, 12);
    expect(out).toMatchObject({
      messages: 1024 * (31 / 32),
      bytes: 1024 * (31 / 32) * 7408,
      bound: "network",
      processorSeconds: expect.closeTo(1e-5 + 256e-8, 12),
    });
    expect(out.networkSeconds).toBeCloseTo((768 * 7408) / 25e9, 12);
    expect(out.scaleUpSeconds).toBeCloseTo((224 * 7408) / 200e9, 12);
    expect(out.seconds).toBeCloseTo(24e-6 + out.networkSeconds, 12);
    expect(out.floorSeconds).toBeCloseTo((768 * 7408) / 50e9, 12);
    const back = ask("combine", 128);
    expect(back.latencySeconds).toBeCloseTo(40e-6, 12);
    expect(back.networkSeconds).toBeCloseTo((768 * 14_336) / 25e9, 12);
    expect(ask("dispatch", 1).bound).toBe("latency");
    // As long on either link, and as long as its start: the wait is named, then the network.
    const even = (dispatchSeconds: number) => {
      const network = new Map([
        [
          "deepep-low-latency network Hopper",
          {
            dispatchSeconds,
            dispatchDoublingSeconds: 0,
            combineSeconds: 0,
            combineDoublingSeconds: 0,
            efficiency: 1,
            secondsPerMessage: 1 / 768,
          },
        ],
      ]);
      const hardware = { ...h800, scaleUpBytesPerSecond: 224 * 7408 };
      return expertExchangeTime({ direction: "dispatch", model: v3, hardware, tokens: 128, expertParallel: 32 }, { ...both, network });
    };
    expect(even(0)).toMatchObject({ bound: "network", networkSeconds: 1, scaleUpSeconds: 1 });
    expect(even(1).bound).toBe("latency");
    const thin = ask("dispatch", 128, { scaleUpBytesPerSecond: 1e9 });
    expect(thin).toMatchObject({ bound: "scale-up", floorSeconds: (224 * 7408) / 1e9 });
    expect(thin.seconds).toBeCloseTo(24e-6 + (224 * 7408) / 1e9, 12);
  });

  it("sends rows of messages no faster than the card takes them", () => {
    const slowCard = new Map([
      [
        "deepep-low-latency network Hopper",
        {
          dispatchSeconds: 0,
          dispatchDoublingSeconds: 0,
          combineSeconds: 0,
          combineDoublingSeconds: 0,
          efficiency: 1,
          secondsPerMessage: 1e-6,
        },
      ],
    ]);
    const time = expertExchangeTime(
      { direction: "dispatch", model: v3, hardware: h800, tokens: 128, expertParallel: 16 },
      { ...tables, network: slowCard },
    );
    expect(time.networkSeconds).toBeCloseTo(512e-6, 12);
  });

  it("copies a token once to each rank by hand: 64 x 4 x 3/4 copies of 7,392 B, prepared in two doublings", () => {
    const copy = new Map([
      ["trtllm-one-sided dispatch Blackwell", { fixedSeconds: 1e-5, doublingSeconds: 2e-6, efficiency: 0.5, memoryPasses: 3 }],
    ]);
    const gb200 = hardware("gb200");
    const ask = (change: object = {}, own = copy) =>
      expertExchangeTime(
        { direction: "dispatch", model: v3, hardware: gb200, tokens: 64, expertParallel: 4, implementation: "trtllm-one-sided", ...change },
        { ...tables, copy: own },
      );
    expect([copyBytes("dispatch", 7168), copyBytes("combine", 7168)]).toEqual([7392, 14_336]);
    const bytes = 192 * 7392;
    const { scaleUpBytesPerSecond: link = 0, memoryBytesPerSecond } = gb200;
    const moved = bytes / (link * 0.5) + (64 * 7392 * 3) / memoryBytesPerSecond;
    expect(ask()).toEqual({
      floorSeconds: expect.closeTo(bytes / link, 15),
      seconds: expect.closeTo(14e-6 + moved, 12),
      latencySeconds: expect.closeTo(14e-6, 12),
      processorSeconds: expect.closeTo(14e-6, 12),
      scaleUpSeconds: expect.closeTo(moved, 12),
      networkSeconds: 0,
      bound: "latency",
      bytes,
      messages: 192,
      networkBytes: 0,
      messageBytes: 7392,
    });
    expect(ask({ tokens: 4096 }).bound).toBe("scale-up");
    expect(ask({ expertParallel: 72 })).toMatchObject({ messages: 64 * 8 * (71 / 72) });
    const level = new Map([
      ["trtllm-one-sided dispatch Blackwell", { fixedSeconds: bytes / link, doublingSeconds: 0, efficiency: 1, memoryPasses: 0 }],
    ]);
    expect(ask({}, level).bound).toBe("latency");
    // Eight experts a token are at most eight ranks of sixteen.
    expect(ask({ expertParallel: 16 }).messages).toBe(64 * 8 * (15 / 16));
    expect(ask({ model: { ...v3, expertHiddenSize: 128 } }).messageBytes).toBe(132);
    const free = new Map([
      ["trtllm-one-sided dispatch Blackwell", { fixedSeconds: 0, doublingSeconds: 0, efficiency: 100, memoryPasses: 0 }],
    ]);
    expect(ask({}, free).seconds).toBe(ask({}, free).floorSeconds);
  });

  it("sends the width that experts see, and takes a link without a stated end for one node", () => {
    const { scaleUpDomain, ...open } = h800;
    const time = expertExchangeTime(
      { direction: "dispatch", model: { ...v3, expertHiddenSize: 3584 }, hardware: open, tokens: 1, expertParallel: 64 },
      tables,
    );
    expect(time).toMatchObject({ messageBytes: 3584 + 112 + 16, networkSeconds: 0, messages: 8 * (63 / 64) });
  });

  it("costs nothing on one GPU", () => {
    const alone = expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens: 128, expertParallel: 1 });
    expect(alone).toMatchObject({ bound: "latency", bytes: 0, messages: 0, messageBytes: 0, floorSeconds: 0, processorSeconds: 0 });
    expect(expertExchangeTime({ direction: "combine", model: v3, hardware: h800, tokens: 128, expertParallel: 1 }).seconds).toBe(0);
  });

  it("predicts DeepEP's own H800 table, on which nothing was fitted, within a quarter", () => {
    const rows = readRows("measurements/deepep-h800.csv").filter((r) => text(r, "link").startsWith("NVLink"));
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      for (const direction of ["dispatch", "combine"] as const) {
        const { seconds } = expertExchangeTime({
          direction,
          model: v3,
          hardware: h800,
          tokens: number(row, "tokens"),
          expertParallel: number(row, "expertParallel"),
        });
        const measured = number(row, `${direction}Us`) * 1e-6;
        expect(Math.abs(seconds / measured - 1), `${direction} at ${text(row, "expertParallel")}`).toBeLessThan(0.25);
      }
    }
  });

  it("is never below its floor and never faster with more tokens", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("dispatch", "combine"),
        fc.integer({ min: 1, max: 4096 }),
        fc.constantFrom(2, 8, 16, 64, 144),
        fc.constantFrom("h100-sxm", "h800-sxm", "b200-sxm", "gb200"),
        (direction, tokens, expertParallel, id) => {
          const at = (t: number) =>
            expertExchangeTime({ direction: direction as "dispatch", model: v3, hardware: hardware(id), tokens: t, expertParallel });
          expect(at(tokens).seconds).toBeGreaterThanOrEqual(at(tokens).floorSeconds);
          expect(at(tokens + 1).seconds).toBeGreaterThanOrEqual(at(tokens).seconds);
        },
      ),
    );
  });

  it("sends one copy a rank in TensorRT-LLM's all-to-all, and FP4 less than BF16", () => {
    const ask = (weightFormat: string) =>
      expertExchangeTime({
        direction: "dispatch",
        model: v3,
        hardware: hardware("gb200"),
        tokens: 64,
        expertParallel: 4,
        implementation: "trtllm-two-sided",
        weightFormat,
      });
    // 4 ranks hold the 8 experts of a token; 3 of 4 are other GPUs.
    expect(ask("bfloat16").messages).toBe(64 * 4 * (3 / 4));
    expect(ask("nvfp4").seconds).toBeLessThan(ask("bfloat16").seconds);
  });

  it("refuses what cannot be, naming it", () => {
    const ask = (change: object) => () =>
      expertExchangeTime({ direction: "dispatch", model: v3, hardware: h800, tokens: 1, expertParallel: 8, ...change });
    expect(ask({ tokens: 0 })).toThrow(/tokens must be a positive integer/);
    expect(ask({ expertParallel: 512 })).toThrow(/expertParallel must be at most routedExperts, got 512 for 256 experts/);
    expect(ask({ expertParallel: 0 })).toThrow(new RangeError("expertParallel must be a positive integer, got 0"));
    expect(ask({ model: { ...v3, expertsPerToken: 0 } })).toThrow(new RangeError("expertsPerToken must be a positive number, got 0"));
    for (const field of ["hiddenSize", "routedExperts"])
      expect(ask({ model: { ...v3, [field]: 0 } })).toThrow(new RangeError(`${field} must be a positive integer, got 0`));
    expect(ask({ expertParallel: 256 })).not.toThrow();
    expect(ask({ implementation: "deepep" })).toThrow(/^unknown implementation "deepep"; nearest: deepep-low-latency, \S+, \S+$/);
    expect(ask({ implementation: "trtllm-one-sided", expertParallel: 16 })).toThrow(
      new RangeError("expertParallel must be at most the 8 that the link of h800-sxm joins, got 16"),
    );
    const { networkBytesPerSecond, ...cardless } = h800;
    expect(ask({ hardware: cardless, expertParallel: 16 })).toThrow(
      new RangeError("h800-sxm has no networkBytesPerSecond, which expertParallel 16 needs"),
    );
    const bare = {
      ...tables,
      scaleUp: new Map([...tables.scaleUp, ["other", tables.scaleUp.get("deepep-low-latency dispatch Hopper") as never]]),
    };
    expect(() => expertExchangeTime({ direction: "combine", model: v3, hardware: h800, tokens: 1, expertParallel: 8 }, bare)).toThrow(
      new RangeError("no constants for deepep-low-latency combine Hopper; there are: deepep-low-latency dispatch Hopper, other"),
    );
  });
});
