import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { whatIfHardware } from "../../src/machine/what-if-hardware";
import { model } from "../../src/model/registry";
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
