import { describe, expect, it } from "vitest";
import { source } from "../../src/data/sources";
import { parallelBytes, parallelBytesFigure } from "../../src/figures/parallel-bytes";
import { parallelTimeFigure } from "../../src/figures/parallel-time";
import { parallelTimelineFigure } from "../../src/figures/parallel-timeline";
import { judgedExchanges } from "../../src/fit/judged-exchanges";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { collectiveTime } from "../../src/network/collective";
import { expertExchangeTime } from "../../src/network/exchange";
import { splitTime } from "../../src/network/split-time";
import {
  exchangesByInitiator,
  exchangesByProcessors,
  hostCopies,
  messageRates,
  peerCopyBlocks,
  peerCopySizes,
  publishedExchanges,
  publishedParallelism,
} from "../../src/published/transfers";

const v3 = model("deepseek-v3");
const h800 = hardware("h800-sxm");

describe("time of either split", () => {
  it("takes the fastest all-reduce of all tokens and the exchange of a GPU's own", () => {
    const time = splitTime({ model: v3, hardware: h800, tokensPerGpu: 128, gpus: 8 });
    const ask = { collective: "all-reduce", bytes: 2 * 7168 * 128 * 8, gpus: 8, hardware: h800 } as const;
    expect(time.tensorSeconds).toBe(Math.min(collectiveTime(ask).seconds, collectiveTime({ ...ask, implementation: "trtllm" }).seconds));
    const exchange = { model: v3, hardware: h800, tokens: 128, expertParallel: 8 };
    expect(time.expertSeconds).toBe(
      expertExchangeTime({ ...exchange, direction: "dispatch" }).seconds +
        expertExchangeTime({ ...exchange, direction: "combine" }).seconds,
    );
  });

  it("has no all-reduce beyond the link, and no exchange beyond the experts or without any", () => {
    expect(splitTime({ model: v3, hardware: h800, tokensPerGpu: 1, gpus: 16 }).tensorSeconds).toBeUndefined();
    expect(splitTime({ model: v3, hardware: h800, tokensPerGpu: 1, gpus: 512 })).toEqual({});
    expect(splitTime({ model: model("llama-3.1-405b"), hardware: h800, tokensPerGpu: 1, gpus: 8 }).expertSeconds).toBeUndefined();
  });

  it("has neither on one GPU, and beyond the link an exchange where there is a network", () => {
    const { networkBytesPerSecond, ...cardless } = h800;
    expect(splitTime({ model: v3, hardware: h800, tokensPerGpu: 1, gpus: 1 })).toEqual({});
    expect(splitTime({ model: v3, hardware: cardless, tokensPerGpu: 1, gpus: 16 })).toEqual({});
    expect(Object.keys(splitTime({ model: v3, hardware: cardless, tokensPerGpu: 1, gpus: 8 }))).toEqual([
      "tensorSeconds",
      "exchange",
      "expertSeconds",
    ]);
    expect(splitTime({ model: v3, hardware: h800, tokensPerGpu: 1, gpus: 16 }).exchange).toBe("deepep-low-latency");
  });

  it("has both from two GPUs on, and an exchange up to one expert a GPU", () => {
    const keys = (gpus: number) => Object.keys(splitTime({ model: v3, hardware: h800, tokensPerGpu: 1, gpus }));
    expect(keys(2)).toEqual(["tensorSeconds", "exchange", "expertSeconds"]);
    expect(keys(256)).toEqual(["exchange", "expertSeconds"]);
    expect(keys(257)).toEqual([]);
  });

  it("takes the faster of the exchanges measured for the machine", () => {
    const gb200 = hardware("gb200");
    const both = (implementation: "deepep-low-latency" | "trtllm-one-sided", tokens: number) =>
      (["dispatch", "combine"] as const)
        .map(
          (direction) => expertExchangeTime({ direction, model: v3, hardware: gb200, tokens, expertParallel: 8, implementation }).seconds,
        )
        .reduce((a, b) => a + b);
    const faster = [1, 8, 64, 256, 1024, 4096].map((tokensPerGpu) => {
      const times = {
        "deepep-low-latency": both("deepep-low-latency", tokensPerGpu),
        "trtllm-one-sided": both("trtllm-one-sided", tokensPerGpu),
      };
      const { exchange, expertSeconds } = splitTime({ model: v3, hardware: gb200, tokensPerGpu, gpus: 8 });
      expect(expertSeconds).toBe(Math.min(...Object.values(times)));
      expect(times[exchange as keyof typeof times]).toBe(expertSeconds);
      return exchange;
    });
    expect(faster).toContain("trtllm-one-sided");
    // Measured on Blackwell alone, and not beyond the link.
    expect(splitTime({ model: v3, hardware: h800, tokensPerGpu: 4096, gpus: 8 }).exchange).toBe("deepep-low-latency");
    expect(splitTime({ model: v3, hardware: gb200, tokensPerGpu: 4096, gpus: 128 }).exchange).toBe("deepep-low-latency");
  });

  it("lies within 15 % of DeepEP's published times", () => {
    const judged = judgedExchanges(v3, h800);
    expect(judged.map((j) => j.published.expertParallel)).toEqual([8, 16, 32, 64]);
    for (const { error } of judged) expect(Math.abs(error)).toBeLessThan(0.15);
  });
});

describe("published tables of links", () => {
  it("name sources that exist and give base units", () => {
    for (const { source: id } of [...publishedParallelism(), ...messageRates(), ...exchangesByProcessors()]) expect(source(id).id).toBe(id);
    // 256 messages of 8 B in 120.65 us.
    expect(messageRates()[0]?.messagesPerSecond).toBeCloseTo(256 / 120.65e-6, 3);
    expect(hostCopies()[0]).toEqual({ machine: "A40", path: "copy call, host to GPU", bytes: 1, seconds: 7.5224e-6 });
    expect(peerCopySizes()).toHaveLength(21);
    expect(peerCopyBlocks()[0]).toEqual({ blocks: 16, bytes: 16e9, loadStoreBytesPerSecond: 42.9e9, dataMoverBytesPerSecond: 128.5e9 });
    expect(publishedExchanges()).toHaveLength(10);
    expect(
      exchangesByInitiator().find(
        (e) => e.initiator.startsWith("host proxy") && e.tokens === 128 && e.expertParallel === 128 && e.direction === "dispatch",
      )?.seconds,
    ).toBeCloseTo(2038.5e-6, 9);
  });
});

describe("figures of both splits", () => {
  const figures = [
    parallelBytesFigure([v3, model("kimi-k3")], 128),
    parallelTimeFigure(v3, h800, hardware("gb200"), 128),
    parallelTimelineFigure(),
  ];

  it("hold numbers alone, under 60 KB, with units on every axis, a caption and an alternative", () => {
    for (const figure of figures) {
      expect(JSON.stringify(figure)).not.toMatch(/NaN|Infinity/);
      expect(JSON.stringify(figure).length).toBeLessThan(60_000);
      expect(figure.caption).not.toMatch(/NaN|undefined/);
      expect(figure.alt.length).toBeGreaterThan(40);
    }
  });

  it("draw the model's numbers, one model at a time", () => {
    const [bytes] = figures as [(typeof figures)[number]];
    const shown = bytes.data.filter((trace) => trace.visible === true);
    expect(shown).toHaveLength(7);
    expect(bytes.data).toHaveLength(14);
    expect(bytes.data[2]?.y).toEqual(parallelBytes(v3, 128).expert.map((t) => t.bytes));
  });
});
