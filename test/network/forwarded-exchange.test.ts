import { describe, expect, it } from "vitest";
import { number, readRows, text } from "../../src/data/rows";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { expertExchangeTime } from "../../src/network/exchange";
import { type ForwardConstants, type Forwarding, forwardedPlan } from "../../src/network/forwarded-exchange";
import type { ExchangeDirection } from "../../src/network/message-bytes";
import { messageBytes } from "../../src/network/message-bytes";
import { reachedPlaces } from "../../src/network/reach";
import { exchangePaths } from "../../src/published/exchange-paths";

const directions = ["dispatch", "combine"] as const satisfies readonly ExchangeDirection[];

describe("places that a token's experts lie on", () => {
  it("are by hand 1.5 of 2 for two experts, all for one place, one for one expert", () => {
    expect(reachedPlaces(2, { expertsPerToken: 2 })).toBe(1.5);
    expect(reachedPlaces(1, { expertsPerToken: 8 })).toBe(1);
    expect(reachedPlaces(8, { expertsPerToken: 1 })).toBeCloseTo(1, 12);
    // A mean where some experts compute nothing.
    expect(reachedPlaces(2, { expertsPerToken: 1.5 })).toBeCloseTo(2 * (1 - 0.5 ** 1.5), 12);
  });

  it("are fewer where a router chooses groups first: of 2 places with 2 of 4 groups each, 1 and 2 groups chosen", () => {
    const groups = { expertsPerToken: 2, expertGroups: 4 };
    expect(reachedPlaces(2, { ...groups, chosenGroups: 1 })).toBeCloseTo(1, 12);
    // Both groups on one place with chance 2/6; else each of the two experts is on either place: 1.5.
    expect(reachedPlaces(2, { ...groups, chosenGroups: 2 })).toBeCloseTo((2 / 6) * 1 + (4 / 6) * 1.5, 12);
    expect(reachedPlaces(2, { ...groups, chosenGroups: 4 })).toBe(1.5);
    // Three places have 4/3 of a group each: a third of the way from one group to two.
    expect(reachedPlaces(3, { ...groups, chosenGroups: 2 })).toBeCloseTo(3 * (1 - (misses(1) + (misses(2) - misses(1)) / 3)), 12);
  });

  /** Chance that neither of two experts is in any of so many of four groups, two of them chosen: by counting the six pairs. */
  const misses = (own: number): number => {
    const pairs = [0, 1, 2, 3].flatMap((a) => [a + 1, a + 2, a + 3].filter((b) => b < 4).map((b) => [a, b]));
    return pairs.reduce((sum, pair) => sum + (1 - pair.filter((group) => group < own).length / 2) ** 2, 0) / pairs.length;
  };

  it("are at most the chosen groups where a place is a part of one", () => {
    const v3 = { expertsPerToken: 8, expertGroups: 8, chosenGroups: 4 };
    // Eight places, a group each: 4 of them, each met by chance 1 - (3/4)^8.
    expect(reachedPlaces(8, v3)).toBeCloseTo(4 * (1 - 0.75 ** 8), 12);
    // 16 places, half a group each: 8 are parts of chosen groups.
    expect(reachedPlaces(16, v3)).toBeCloseTo(8 * (1 - (7 / 8) ** 8), 12);
    for (const places of [2, 3, 4, 5, 8, 12, 32, 64])
      expect(reachedPlaces(places, v3), `${places}`).toBeLessThanOrEqual(reachedPlaces(places, { expertsPerToken: 8 }) + 1e-12);
  });
});

describe("a forwarded exchange", () => {
  const constants: ForwardConstants = {
    ...{ fixedSeconds: 1, processorBytesPerSecond: 10, efficiency: 0.5 },
    ...{ networkFixedSeconds: 2, doublingSeconds: 3, forwardBytesPerSecond: 5, networkEfficiency: 0.5 },
  };
  const forwardedTime = (c: ForwardConstants, question: Forwarding) => forwardedPlan(c, question)(8);
  const asked: Forwarding = {
    ...{ bytesEach: 100, ranks: 2, node: 2, choice: { expertsPerToken: 2 } },
    ...{ link: 1000, network: 40, processors: 20, latency: 1 },
  };

  it("is by hand in a node: 8 tokens to 1.5 ranks, half of them another's, at 20 x 10 bytes a second", () => {
    // 8 x 1.5 x 1/2 = 6 copies of 100 bytes.
    expect(forwardedTime(constants, asked)).toEqual({
      ...{ floorSeconds: 0.6, seconds: 1 + 600 / 200, latencySeconds: 1, scaleUpSeconds: 3, networkSeconds: 0 },
      ...{ bound: "scale-up", messages: 6, farMessages: 0 },
    });
    // The link at half of its rate where processors are many.
    expect(forwardedTime(constants, { ...asked, processors: 132 }).seconds).toBeCloseTo(1 + 600 / 500, 12);
    expect(forwardedTime(constants, { ...asked, latency: 4 })).toMatchObject({ latencySeconds: 4, bound: "latency" });
  });

  it("is by hand over two nodes of one GPU: 1.5 nodes, half of them another's, over the card; none are forwarded", () => {
    const time = forwardedTime(constants, { ...asked, node: 1 });
    expect(time).toMatchObject({ networkSeconds: 600 / 20, scaleUpSeconds: 0, latencySeconds: 2 + 3, bound: "network", farMessages: 6 });
    expect(time.seconds).toBe(35);
    expect(time.floorSeconds).toBe(600 / 40);
  });

  it("has the slower link for its time across nodes: forwarding at 20 x 5 bytes a second", () => {
    const time = forwardedTime(constants, { ...asked, ranks: 4, network: 1e9 });
    // 4 (1 - (3/4)^2) = 1.75 ranks, half of each node's another's.
    expect(time.scaleUpSeconds).toBeCloseTo((8 * 1.75 * 0.5 * 100) / 100, 12);
    expect(time.seconds).toBeCloseTo(5 + 7, 12);
    expect(time.bound).toBe("scale-up");
    expect(() => forwardedTime(constants, { ...asked, node: 1, network: undefined })).toThrow(
      "networkBytesPerSecond must be known where 2 nodes",
    );
  });
});

describe("DeepEP's normal exchange", () => {
  const v3 = { hiddenSize: 7168, routedExperts: 256, expertsPerToken: 8 };
  const time = (direction: ExchangeDirection, machine: string, tokens: number, expertParallel: number, groups: object = {}) =>
    expertExchangeTime({
      ...{ direction, tokens, expertParallel, implementation: "deepep-high-throughput" },
      ...{ model: { ...v3, ...groups }, hardware: hardware(machine) },
    });

  it("reaches the bandwidth of DeepEP's own table on H800, on which nothing was fitted, within an eighth", () => {
    const rows = readRows("measurements/deepep-normal-h800.csv");
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      const [ranks, tokens] = [number(row, "expertParallel"), number(row, "tokens")];
      const nodes = ranks / 8;
      // Its test chooses experts in four of the nodes, and counts copies to the own one too.
      const groups = nodes === 1 ? {} : { expertGroups: nodes, chosenGroups: Math.min(4, nodes) };
      const copies = tokens * reachedPlaces(text(row, "link") === "NVLink" ? ranks : nodes, { expertsPerToken: 8, ...groups });
      for (const direction of directions) {
        const bytes = copies * messageBytes(direction, 7168);
        const reached = bytes / time(direction, "h800-sxm", tokens, ranks, groups).seconds / 1e9;
        expect(Math.abs(reached / number(row, `${direction}GBps`) - 1), `${direction} ${ranks}`).toBeLessThan(1 / 8);
      }
    }
  });

  it("takes what another cluster of H100 measured with 4,096 tokens of a GPU, within an eighth", () => {
    const rows = exchangePaths().filter(({ tokens }) => tokens === 4096);
    expect(rows.map(({ gpus }) => gpus)).toEqual([32, 64]);
    for (const { gpus, direction, gpuSeconds } of rows)
      expect(Math.abs(time(direction, "h100-sxm", 4096, gpus).seconds / gpuSeconds - 1), `${gpus}`).toBeLessThan(1 / 8);
  });

  it("sends fewer bytes than a message to each expert, and fewer over the network where groups are chosen", () => {
    const each = (direction: ExchangeDirection) =>
      expertExchangeTime({ direction, tokens: 4096, expertParallel: 64, model: v3, hardware: hardware("h800-sxm") });
    for (const direction of directions) {
      const [once, chosen] = [{}, { expertGroups: 8, chosenGroups: 4 }].map((groups) => time(direction, "h800-sxm", 4096, 64, groups));
      expect(once?.networkBytes).toBeLessThan(each(direction).networkBytes);
      expect(once?.seconds).toBeLessThan(each(direction).seconds);
      expect(chosen?.networkBytes).toBeLessThan(once?.networkBytes as number);
      // 20 of 132 processors for the whole time.
      expect(once?.processorSeconds).toBeCloseTo(((once?.seconds as number) * 20) / 132, 12);
    }
  });

  it("is never below its floor, and never faster with more tokens", () => {
    for (const machine of ["h800-sxm", "b200-sxm"])
      for (const ranks of [2, 8, 16, 32, 256])
        for (const direction of directions) {
          let before = 0;
          for (const tokens of [1, 16, 128, 1024, 4096, 65536]) {
            const { seconds, floorSeconds } = time(direction, machine, tokens, ranks, { expertGroups: 8, chosenGroups: 4 });
            expect(seconds).toBeGreaterThanOrEqual(floorSeconds);
            expect(seconds).toBeGreaterThan(before);
            before = seconds;
          }
        }
    expect(() => time("dispatch", "gb200", 16, 144)).not.toThrow();
    const alone = { ...hardware("h800-sxm"), networkBytesPerSecond: undefined };
    const ask = () =>
      expertExchangeTime({
        direction: "dispatch",
        tokens: 1,
        expertParallel: 16,
        model: model("deepseek-v3"),
        hardware: alone as never,
        implementation: "deepep-high-throughput",
      });
    expect(ask).toThrow("h800-sxm has no networkBytesPerSecond, which expertParallel 16 needs");
  });
});
