import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hardware, hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
import { allReduceTime, gatherPlan } from "../../src/network/all-reduce";
import { collectiveTime } from "../../src/network/collective";
import { expertExchangeTime } from "../../src/network/exchange";

const question = fc.record({
  direction: fc.constantFrom("dispatch" as const, "combine" as const),
  machine: fc.constantFrom("h100-sxm", "h200-sxm", "b200-sxm", "gb200"),
  shape: fc.constantFrom("deepseek-v3", "kimi-k3", "switch-c", "gshard-600b", "qwen3-next-80b-a3b"),
  tokens: fc.integer({ min: 1, max: 8192 }),
  ranks: fc.integer({ min: 2, max: 320 }),
  wider: fc.constantFrom(2, 9, 72),
});

describe("an exchange over a wider scale-up domain", () => {
  const at = ({ shape, direction, tokens }: { shape: string; direction: "dispatch" | "combine"; tokens: number }, ranks: number) => ({
    ...{ direction, model: model(shape), tokens },
    expertParallel: Math.min(ranks, model(shape).routedExperts),
  });

  it("waits no longer before its bytes flow, whatever the number of experts", () => {
    fc.assert(
      fc.property(question, ({ machine, ranks, wider, ...q }) => {
        const narrow = hardware(machine);
        const wide = whatIfHardware(narrow, { scaleUpDomain: { times: wider } });
        const [before, after] = [narrow, wide].map((one) => expertExchangeTime({ ...at(q, ranks), hardware: one }));
        expect(after?.latencySeconds).toBeLessThanOrEqual((before?.latencySeconds as number) * (1 + 1e-9));
      }),
      { numRuns: 3000 },
    );
  });

  it("is slower only where link and network carried side by side before, and never by more than the network took off the link", () => {
    fc.assert(
      fc.property(question, ({ machine, ranks, wider, ...q }) => {
        const narrow = hardware(machine);
        const wide = whatIfHardware(narrow, { scaleUpDomain: { times: wider } });
        const [before, after] = [narrow, wide].map((one) => expertExchangeTime({ ...at(q, ranks), hardware: one }));
        if (before === undefined || after === undefined) return;
        const both = before.latencySeconds + before.scaleUpSeconds + before.networkSeconds;
        expect(after.seconds).toBeLessThanOrEqual(both * (1 + 1e-9));
      }),
      { numRuns: 3000 },
    );
  });

  it("of 2,048 experts counts the pass over them within a node and across nodes alike", () => {
    const switchC = { direction: "combine" as const, model: model("switch-c"), tokens: 1, hardware: hardware("b200-sxm") };
    const [inside, across] = [8, 16].map((expertParallel) => expertExchangeTime({ ...switchC, expertParallel }));
    expect(across?.latencySeconds).toBe(inside?.latencySeconds);
  });
});

describe("a gather or an all-reduce over a wider scale-up domain", () => {
  const sizes = fc.record({
    machine: fc.constantFrom("h100-sxm", "b200-sxm", "gb200"),
    gpus: fc.integer({ min: 2, max: 600 }),
    bytes: fc.integer({ min: 256, max: 2 ** 30 }),
    wider: fc.constantFrom(9, 72),
  });
  const kinds = {
    "all-gather": (bytes: number, gpus: number, one: Hardware) => gatherPlan("all-gather", gpus, one)(bytes),
    "reduce-scatter": (bytes: number, gpus: number, one: Hardware) => gatherPlan("reduce-scatter", gpus, one)(bytes),
    "all-reduce": (bytes: number, gpus: number, one: Hardware) => allReduceTime(bytes, gpus, one),
  };

  it.each(Object.entries(kinds))("of more GPUs than the link joined is no slower: %s", (_, time) => {
    fc.assert(
      fc.property(sizes, ({ machine, gpus, bytes, wider }) => {
        const narrow = hardware(machine);
        fc.pre(gpus > (narrow.scaleUpDomain as number));
        const wide = whatIfHardware(narrow, { scaleUpDomain: { times: wider } });
        expect(time(bytes, gpus, wide).seconds).toBeLessThanOrEqual(time(bytes, gpus, narrow).seconds * (1 + 1e-9));
      }),
      { numRuns: 1000 },
    );
  });

  it("goes in two rings of about the square root each, the second of what one GPU of the first has", () => {
    const wide = whatIfHardware(hardware("gb200"), { scaleUpDomain: 576 });
    const [first, second] = [collectiveTime, collectiveTime].map((time, i) =>
      time({ collective: "all-gather", gpus: [20, 20][i] as number, bytes: [400_000, 20_000][i] as number, hardware: wide }),
    );
    const both = gatherPlan("all-gather", 400, wide)(400_000);
    expect(both.seconds).toBeCloseTo((first?.seconds as number) + (second?.seconds as number), 12);
    expect(both.algorithm).toContain("in two levels");
    expect(both.seconds).toBeLessThan(collectiveTime({ collective: "all-gather", gpus: 400, bytes: 400_000, hardware: wide }).seconds);
    // Of as many as a measured machine's link joins it is one ring.
    expect(gatherPlan("all-gather", 72, wide)(400_000)).toEqual(
      collectiveTime({ collective: "all-gather", gpus: 72, bytes: 400_000, hardware: wide }),
    );
  });
});
