import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { allReducePlan, allReduceTime, gatherPlan } from "../../src/network/all-reduce";
import { collectiveTime } from "../../src/network/collective";

const h100 = hardware("h100-sxm");
const network = h100.networkBytesPerSecond as number;
const ofNode = (gpus: number, bytes: number, implementation: "nccl" | "trtllm" | "vllm" | "sglang" = "nccl") =>
  collectiveTime({ collective: "all-reduce", bytes, gpus, hardware: h100, implementation });

describe("an all-reduce inside one link", () => {
  it("is the faster of NCCL's and the engine's own, TensorRT-LLM's where none is named", () => {
    for (const bytes of [1e4, 1e6, 1e9]) {
      for (const owner of ["trtllm", "vllm", "sglang"] as const) {
        const [nccl, own] = [ofNode(8, bytes), ofNode(8, bytes, owner)];
        expect(allReduceTime(bytes, 8, h100, owner)).toEqual(own.seconds < nccl.seconds ? own : nccl);
      }
      expect(allReduceTime(bytes, 8, h100)).toEqual(allReduceTime(bytes, 8, h100, "trtllm"));
      expect(allReducePlan(8, h100)(bytes)).toEqual(allReduceTime(bytes, 8, h100));
    }
    // The engines differ where messages are short.
    expect(allReduceTime(1e4, 8, h100, "vllm").seconds).not.toBe(allReduceTime(1e4, 8, h100, "trtllm").seconds);
    expect(allReduceTime(1e4, 8, h100)).not.toHaveProperty("networkBytes");
  });

  it("is vLLM's on Ampere, where one engine's alone was measured", () => {
    const a100 = hardware("a100-sxm");
    expect(allReduceTime(1e4, 4, a100, "trtllm")).toEqual(allReduceTime(1e4, 4, a100, "vllm"));
  });

  it("is refused for no bytes, no whole number of GPUs, and for GPUs that neither link nor network joins", () => {
    expect(() => allReduceTime(0, 8, h100)).toThrow("bytes must be a positive number, got 0");
    expect(() => allReduceTime(1, 8, h100, "ollama" as never)).toThrow('owner must be one of trtllm, vllm, sglang; got "ollama"');
    expect(() => allReduceTime(1, 1.5, h100)).toThrow("gpus must be a positive integer, got 1.5");
    const { networkBytesPerSecond: _, ...alone } = h100;
    expect(allReduceTime(1e6, 8, alone).seconds).toBe(allReduceTime(1e6, 8, h100).seconds);
    expect(() => allReduceTime(1e6, 9, alone)).toThrow("h100-sxm has no networkBytesPerSecond, which 9 GPUs need");
  });
});

describe("an all-reduce over nodes", () => {
  const bytes = 1e8;
  const node = allReduceTime(bytes, 8, h100);

  it("adds over two nodes two hops of 45 us, and a node's share of the bytes at 85 % of a card", () => {
    const both = allReduceTime(bytes, 16, h100);
    // 2 (1/2) of an eighth of 1e8 bytes.
    const sent = 1e8 / 8;
    expect(both.seconds).toBeCloseTo(node.seconds + 90e-6 + sent / (0.85 * network), 12);
    expect(both.latencySeconds).toBeCloseTo(node.latencySeconds + 90e-6, 12);
    expect(both.transferSeconds).toBeCloseTo(node.transferSeconds + sent / (0.85 * network), 12);
    expect(both.wireBytes).toBeCloseTo(node.wireBytes + sent, 3);
    expect(both.networkBytes).toBeCloseTo(sent, 3);
    expect(both.algorithm).toBe(`${node.algorithm}, 2 nodes`);
    // At least half of the share goes out of a card.
    expect(both.floorSeconds).toBeCloseTo(Math.max(node.floorSeconds, sent / 2 / network), 12);
  });

  it("takes over three nodes four hops and 2 (2/3) of the share", () => {
    const three = allReduceTime(bytes, 24, h100);
    expect(three.seconds).toBeCloseTo(node.seconds + 180e-6 + ((4 / 3) * 1e8) / 8 / (0.85 * network), 12);
    expect(three.algorithm).toContain(", 3 nodes");
  });

  it("has the card's time for a floor where the card is the narrow place", () => {
    const slow = { ...h100, networkBytesPerSecond: 1e9 };
    expect(allReduceTime(bytes, 16, slow).floorSeconds).toBeCloseTo(1e8 / 8 / 2 / 1e9, 9);
    expect(gatherPlan("all-gather", 16, slow)(bytes).floorSeconds).toBeCloseTo(1e8 / 8 / 2 / 1e9, 9);
  });

  it("shares GPUs out evenly: twelve are two nodes of six, nine two of five", () => {
    for (const [gpus, inside] of [
      [12, 6],
      [9, 5],
      [17, 6],
    ] as const) {
      const nodes = Math.ceil(gpus / inside);
      const own = allReduceTime(bytes, inside, h100);
      const sent = (2 * ((nodes - 1) / nodes) * bytes) / inside;
      expect(allReduceTime(bytes, gpus, h100).seconds, `${gpus}`).toBeCloseTo(
        own.seconds + 2 * (nodes - 1) * 45e-6 + sent / (0.85 * network),
        12,
      );
    }
  });

  it("waits for its hops where bytes are few, for the links where they are many, and less where messages are quicker", () => {
    expect(allReduceTime(1e3, 16, h100).bound).toBe("latency");
    expect(allReduceTime(1e9, 16, h100).bound).toBe("bandwidth");
    const quick = whatIfHardware(h100, { "times.messageLatency": { times: 0.5 } });
    const [inside, over] = [allReduceTime(1e3, 8, quick), allReduceTime(1e3, 16, quick)];
    expect(over.latencySeconds - inside.latencySeconds).toBeCloseTo(45e-6, 12);
  });
});

describe("a gather over nodes", () => {
  it("passes the network once: one hop, and half of an eighth of the bytes", () => {
    for (const collective of ["all-gather", "reduce-scatter"] as const) {
      const inside = gatherPlan(collective, 8, h100)(1e8);
      expect(inside).toEqual(collectiveTime({ collective, bytes: 1e8, gpus: 8, hardware: h100 }));
      const over = gatherPlan(collective, 16, h100)(1e8);
      expect(over.networkBytes).toBeCloseTo(1e8 / 16, 3);
      expect(over.seconds).toBeCloseTo(inside.seconds + 45e-6 + 1e8 / 16 / (0.85 * network), 12);
      expect(over.floorSeconds).toBeCloseTo(Math.max(inside.floorSeconds, 1e8 / 16 / network), 12);
    }
  });
});

describe("a gather inside a link that joins more GPUs than one ring was measured of", () => {
  const wide = whatIfHardware(hardware("gb200"), { scaleUpDomain: 576 });
  const of = (bytes: number, gpus: number) => collectiveTime({ collective: "all-gather", bytes, gpus, hardware: wide });
  const gather = (bytes: number, gpus: number) => gatherPlan("all-gather", gpus, wide)(bytes);

  it("is one ring of up to 72", () => {
    for (const bytes of [1e3, 1e6, 1e9]) expect(gather(bytes, 72)).toEqual(of(bytes, 72));
  });

  it("is of few bytes rings in two levels: of 144 GPUs twelve, and then twelve with a twelfth of the bytes", () => {
    const bytes = 1e4;
    const [ring, first, second] = [of(bytes, 144), of(bytes, 12), of(bytes / 12, 12)];
    const sum = (name: "seconds" | "latencySeconds" | "transferSeconds" | "wireBytes") => first[name] + second[name];
    expect(sum("seconds")).toBeLessThan(ring.seconds);
    const bound = sum("latencySeconds") >= sum("transferSeconds") ? "latency" : "bandwidth";
    expect(bound).toBe("latency");
    expect(gather(bytes, 144)).toEqual({
      ...{ floorSeconds: ring.floorSeconds, seconds: sum("seconds"), latencySeconds: sum("latencySeconds") },
      ...{ transferSeconds: sum("transferSeconds"), bound, algorithm: `${first.algorithm}, in two levels`, wireBytes: sum("wireBytes") },
    });
    // Of 73 the first ring has nine, and nine rings of nine are 81 places.
    expect(gather(bytes, 73).seconds).toBeCloseTo(of(bytes, 9).seconds + of(bytes / 9, 9).seconds, 12);
  });

  it("is never slower than one ring, never below its floor, and says what binds it", () => {
    for (const gpus of [73, 144, 576])
      for (const bytes of [1e3, 1e6, 1e7, 1e8, 1e9, 1e11]) {
        const [ring, time] = [of(bytes, gpus), gather(bytes, gpus)];
        expect(time.seconds).toBeLessThanOrEqual(ring.seconds);
        expect(time.seconds).toBeGreaterThanOrEqual(time.floorSeconds);
        expect(time.bound).toBe(time.latencySeconds >= time.transferSeconds ? "latency" : "bandwidth");
      }
    const bounds = [1e3, 1e11].map((bytes) => gather(bytes, 576).bound);
    expect(bounds).toEqual(["latency", "bandwidth"]);
  });
});
