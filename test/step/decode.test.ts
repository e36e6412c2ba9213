import { describe, expect, it } from "vitest";
import { mixerTime } from "../../src/kernels/attention/mixer-time";
import { defaultExperts } from "../../src/kernels/default-experts";
import { hardware } from "../../src/machine/hardware";
import type { WeightFormatName } from "../../src/machine/number-formats";
import type { LatentMixer, Mixer } from "../../src/model/blocks";
import { mixerWork } from "../../src/model/mixers/mixers";
import { model } from "../../src/model/registry";
import { expertExchangeTime } from "../../src/network/exchange";
import { type DecodeStepQuestion, decodeStep } from "../../src/step/decode";
import { engineTimeNames, stepFeatures } from "../../src/step/engine";
import { planOf } from "../../src/step/plan";
import { resolveQuestion } from "../../src/step/question";

const v3 = model("deepseek-v3");
const h800 = hardware("h800-sxm");
const question: DecodeStepQuestion = { model: v3, hardware: h800, requestsPerGpu: 128, contextTokens: 4096, expertParallel: 128 };

/** The mixer of a layer of a run of a model. */
const mixer = (id: string, run = 0) => model(id).runs[run]?.blocks[0] as Mixer;
const latent = mixer("deepseek-v3") as LatentMixer;
/** What one request asks of a mixer in one step of decode with a BF16 cache. */
const asked = (m: Mixer, contextTokens: number) =>
  mixerWork(m, { contextTokens, newTokens: 1, cacheFormat: "bfloat16", phase: "decode" }).find(({ part }) => part !== "index");

describe("attention core", () => {
  it("reads 1,152 bytes a token of a latent cache and works on it for every head", () => {
    const work = asked(latent, 4096);
    expect(work?.readBytes).toBe(4096 * (512 + 64) * 2);
    expect(work?.flops).toBe(4096 * 128 * 2 * (576 + 512));
    expect(work?.runBytes).toBe(64 * 1152);
  });

  it("reads keys and values of every group otherwise, and of a window its tokens alone", () => {
    const work = asked(mixer("llama-3.1-405b"), 1000);
    expect(work?.readBytes).toBe(1000 * 2 * 8 * 128 * 2);
    expect(work?.flops).toBe(1000 * 128 * 2 * 256);
    const window = { ...mixer("llama-3.1-405b"), window: 100 } as Mixer;
    expect(asked(window, 1000)).toMatchObject({ readBytes: 100 * 2 * 8 * 128 * 2, flops: 100 * 128 * 2 * 256 });
  });

  it("reads and writes a state whatever the context", () => {
    const delta = mixer("qwen3-next-80b-a3b");
    const stateBytes = 32 * 128 * 128 * 4 + 3 * (2 * 16 * 128 + 32 * 128) * 2;
    for (const contextTokens of [1, 100_000])
      expect(asked(delta, contextTokens)).toMatchObject({ part: "recurrence", readBytes: stateBytes, writtenBytes: stateBytes });
  });

  it("scores every token apart where it selects", () => {
    const sparse = mixer("deepseek-v3.2-exp");
    const works = mixerWork(sparse, { contextTokens: 9000, newTokens: 1, cacheFormat: "bfloat16", phase: "decode" });
    expect(works.find(({ part }) => part === "core")?.readBytes).toBe(2048 * 1152);
    expect(works.find(({ part }) => part === "index")).toMatchObject({ readBytes: 9000 * 132, flops: 9000 * 64 * 128 * 2 });
  });

  it("takes 180 microseconds for 64 requests of 5,000 tokens, as FlashMLA does", () => {
    const asked = { model: v3, block: latent, hardware: h800, requests: 64, contextTokens: 5000, cacheFormat: "bfloat16" };
    const { seconds, kernel, carried } = mixerTime({ ...asked, kernel: "flashmla" });
    expect({ kernel, carried }).toEqual({ kernel: "flashmla", carried: undefined });
    expect(Math.abs(seconds / 180e-6 - 1)).toBeLessThan(0.06);
  });
});

describe("decode step", () => {
  it("is within 10 % of the 2,324 tokens a second and GPU that DeepSeek published", () => {
    const { tokensPerSecondPerGpu } = decodeStep({ ...question, overlap: "two-micro-batches" });
    expect(Math.abs(tokensPerSecondPerGpu / 2324 - 1)).toBeLessThan(0.1);
  });

  it("gives each request one token in the seconds it takes", () => {
    const step = decodeStep(question);
    expect(step.tokensPerSecondPerGpu).toBeCloseTo(128 / step.seconds, 6);
  });

  it("takes within 20 % of the 9.0 ms that one request of DeepSeek-R1 takes on eight B200", () => {
    const eight = { model: model("deepseek-r1"), hardware: hardware("b200-sxm"), requests: 1, contextTokens: 1382, tensorParallel: 8 };
    expect(Math.abs(decodeStep(eight).seconds / 9e-3 - 1)).toBeLessThan(0.2);
  });

  it("differs by under 2 % for 128 and 129 requests of a GPU", () => {
    for (const engine of ["tensorrt-llm", "vllm", "sglang"]) {
      const [one, more] = [128, 129].map((requestsPerGpu) => decodeStep({ ...question, requestsPerGpu, engine }).seconds) as [
        number,
        number,
      ];
      expect(Math.abs(more / one - 1), engine).toBeLessThan(0.02);
    }
  });

  it("has outside its kernels what its engine takes between them: of layers, of mixers by their kind, and of requests", () => {
    for (const id of ["deepseek-v3", "deepseek-v3.2-exp", "qwen3-next-80b-a3b", "llama-3.1-405b"]) {
      for (const engine of ["tensorrt-llm", "vllm", "sglang"] as const) {
        const asked = { ...question, model: model(id), expertParallel: 1, requestsPerGpu: 16, engine };
        const { tasks, seconds } = decodeStep(asked);
        const plan = planOf(resolveQuestion(asked));
        const features = stepFeatures(plan);
        const due = engineTimeNames.reduce((sum, name) => sum + features[name] * plan.engineTime[name], 0);
        const between = tasks.filter(({ name }) => name === "between kernels");
        expect(between.reduce((sum, t) => sum + t.seconds, 0) / seconds, `${id} ${engine}`).toBeCloseTo(due / seconds, 9);
        for (const t of new Set(between)) expect(t).toMatchObject({ bound: "overhead", floorSeconds: 0, flops: 0, bytes: 0 });
      }
    }
  });

  it("lists the tasks of a layer in order, and sums them when nothing overlaps", () => {
    const { tasks: all, seconds } = decodeStep(question);
    const tasks = all.filter(({ name }) => name !== "between kernels");
    // At the end of each layer, and of the step where requests cost the engine time.
    expect([61, 62]).toContain(all.length - tasks.length);
    const perDense = ["attention projections", "attention core", "output projection", "dense feed-forward"];
    const perMoe = [
      "attention projections",
      "attention core",
      "output projection",
      "router",
      "dispatch",
      "experts",
      "shared expert",
      "combine",
    ];
    expect(tasks.slice(0, 4).map((t) => t.name)).toEqual(perDense);
    expect(tasks.slice(12, 20).map((t) => t.name)).toEqual(perMoe);
    expect(tasks).toHaveLength(3 * 4 + 58 * 8 + 1);
    expect(tasks.at(-1)?.name).toBe("head");
    expect(all.reduce((sum, t) => sum + t.seconds, 0)).toBeCloseTo(seconds, 9);
  });

  it("lists both halves of a layer, one after the other, and the odd request in the first", () => {
    const { tasks: all } = decodeStep({ ...question, requestsPerGpu: 5, overlap: "two-micro-batches" });
    const tasks = all.filter(({ name }) => name !== "between kernels");
    expect(tasks).toHaveLength(3 * 8 + 58 * 16 + 1);
    const cores = tasks.filter((t) => t.name === "attention core");
    expect(cores.slice(0, 2).map((t) => t.bytes)).toEqual([3, 2].map((requests) => requests * 4096 * 1152));
    const whole = decodeStep({ ...question, requestsPerGpu: 5 }).tasks.filter(({ name }) => name !== "between kernels");
    expect(tasks.at(-1)).toEqual(whole.at(-1));
  });

  /** Share of what two micro-batches could hide that they do hide, as one step shows it. */
  const hiddenShare = () => {
    const step = decodeStep({ ...question, overlap: "two-micro-batches" });
    const of = (names: readonly string[], from: number, to: number) =>
      step.tasks
        .slice(from, to)
        .filter((t) => names.includes(t.name))
        .reduce((sum, t) => sum + t.seconds, 0);
    const layer = step.tasks.slice(30, 48);
    const links = of(["dispatch", "combine"], 30, 48);
    const compute = layer.reduce((sum, t) => sum + t.seconds, 0) - links;
    const processors = (["dispatch", "combine"] as const).map((direction) =>
      expertExchangeTime({ direction, model: v3, hardware: h800, tokens: 64, expertParallel: 128 }),
    );
    const taken = 2 * processors.reduce((sum, p) => sum + Math.min(p.seconds, p.processorSeconds), 0);
    const dense = step.tasks.slice(0, 30).reduce((sum, t) => sum + t.seconds, 0);
    const head = step.tasks.slice(30 + 58 * 18).reduce((sum, t) => sum + t.seconds, 0);
    const ideal = Math.min(compute + links, Math.max(compute + taken, links, (compute + links) / 2));
    const all = compute + links;
    return (all - (step.seconds - dense - head) / 58) / (all - ideal);
  };

  it("hides most of what two halves could hide beside the longest of processors, links and one half, and adds all else", () => {
    expect(hiddenShare()).toBeGreaterThan(0.5);
    expect(hiddenShare()).toBeLessThanOrEqual(1 + 1e-9);
  });

  it("takes no less than its longer half does alone, where that is longer than all links and all processors", () => {
    const slow = { ...h800, networkBytesPerSecond: 1.2e9 };
    const step = decodeStep({ ...question, hardware: slow, requestsPerGpu: 3, overlap: "two-micro-batches" });
    const seconds = (from: number, to: number, link = false) =>
      step.tasks
        .slice(from, to)
        .filter((t) => !link || t.name === "dispatch" || t.name === "combine")
        .reduce((sum, t) => sum + t.seconds, 0);
    const longer = seconds(30, 39);
    const both = seconds(30, 48);
    expect(longer).toBeGreaterThan(1.02 * seconds(30, 48, true));
    expect(step.seconds).toBeCloseTo(
      seconds(0, 30) + 58 * (both - hiddenShare() * (both - longer)) + seconds(30 + 58 * 18, step.tasks.length),
      12,
    );
  });

  it("multiplies with the vocabulary in BF16", () => {
    // 128 rows of 7,168 in, 129,280 weights a row of them, all results; before it the residual stream is passed over once, there and back.
    const bytes = 2 * (128 * 7168 + 7168 * 129_280 + 128 * 129_280) + 2 * 2 * 128 * 7168;
    expect(decodeStep(question).tasks.find(({ name }) => name === "head")).toMatchObject({ bytes, runBytes: 2 * 7168 * 129_280 });
  });

  it("takes a kernel measured in the released format, as far as the machine has it", () => {
    const ask = (experts: WeightFormatName, id: string, expertParallel = 8) => {
      const formats = { ...v3.formats, experts };
      const { kernel, weightFormat } = defaultExperts({ ...v3, formats }, hardware(id), expertParallel);
      return `${kernel} ${weightFormat}`;
    };
    expect(ask("w4a16_mxfp4", "b200-sxm")).toMatch(/ w4a8_mxfp4_mxfp8$/);
    expect(ask("w4a16_mxfp4", "h100-sxm")).toMatch(/ w4a16_mxfp4$/);
    expect(ask("nvfp4", "b200-sxm")).toMatch(/ nvfp4$/);
    expect(ask("nvfp4", "h100-sxm")).toMatch(/ w4a16_mxfp4$/);
    expect(ask("int4_wo", "h100-sxm")).toBe("sglang_marlin_moe int4_wo");
    expect(ask("fp8_block", "h100-sxm")).toBe("deepepmoe fp8_block");
    expect(ask("fp8_block", "h100-sxm", 1)).not.toContain("deepepmoe");
    expect(ask("fp8_block", "a100-sxm")).toMatch(/ bfloat16$/);
    const without = { ...hardware("h100-sxm"), peakFlopsPerSecond: { bf16: 989e12 } };
    expect(defaultExperts(v3, without, 8).weightFormat).toBe("bfloat16");
    expect(ask("bfloat16", "h100-sxm")).toMatch(/ bfloat16$/);
  });

  it("hides communication behind compute with two micro-batches, and cannot hide more than all of it", () => {
    const step = decodeStep({ ...question, overlap: "two-micro-batches" });
    const part = (names: readonly string[]) => step.tasks.filter((t) => names.includes(t.name)).reduce((sum, t) => sum + t.seconds, 0);
    const all = step.tasks.reduce((sum, t) => sum + t.seconds, 0);
    const communication = part(["dispatch", "combine"]);
    expect(step.seconds).toBeLessThan(all);
    expect(step.seconds).toBeGreaterThanOrEqual(all - communication);
    expect(step.seconds).toBeLessThan(decodeStep(question).seconds);
  });

  it("waits for the link where communication is the longer half", () => {
    const slow = { ...h800, networkBytesPerSecond: 5e9 };
    const step = decodeStep({ ...question, hardware: slow, overlap: "two-micro-batches" });
    const communication = step.tasks.filter((t) => t.name === "dispatch" || t.name === "combine").reduce((sum, t) => sum + t.seconds, 0);
    expect(step.seconds).toBeGreaterThan(communication);
    expect(step.seconds).toBeLessThan(communication * 1.25);
  });

  it("reads the weights of attention and the KV cache of every layer once", () => {
    const { tasks } = decodeStep({ ...question, requestsPerGpu: 1, contextTokens: 1000 });
    // Latent attention in FP8 with absorbed projections in BF16: 7168 x 2112, 1536 x 24576 and twice 128 x 512 x 128 values.
    const weights = (7168 * 2112 + 1536 * 24576) * (1 + 4 / 128 ** 2) + 2 * 128 * 512 * 128;
    const bytes = tasks[0]?.bytes ?? 0;
    expect(bytes).toBeGreaterThan(weights);
    expect(bytes).toBeLessThan(weights * 1.02);
    expect(tasks[1]?.bytes).toBe(1000 * 1152);
  });

  it("takes the released format and a kernel measured in it", () => {
    expect(decodeStep(question)).toMatchObject({ kernel: "deepepmoe", weightFormat: "fp8_block" });
    const ask = (id: string, machine: string) =>
      decodeStep({ ...question, model: model(id), hardware: hardware(machine), expertParallel: 8 }).weightFormat;
    expect(ask("mixtral-8x7b", "h100-sxm")).toBe("bfloat16");
    expect(ask("gpt-oss-120b", "b200-sxm")).toBe("w4a8_mxfp4_mxfp8");
    expect(ask("gpt-oss-120b", "h100-sxm")).toBe("w4a16_mxfp4");
    expect(ask("deepseek-v3", "a100-sxm")).toBe("bfloat16");
  });

  it("has no router, dispatch or combine in a dense model, and no exchange on one GPU", () => {
    const dense = decodeStep({ ...question, model: model("llama-3.1-405b"), requestsPerGpu: 4, expertParallel: 1 });
    expect(new Set(dense.tasks.map((t) => t.name).filter((name) => name !== "between kernels"))).toEqual(
      new Set(["attention projections", "attention core", "output projection", "dense feed-forward", "head"]),
    );
    const mixtral = decodeStep({ ...question, model: model("mixtral-8x7b"), expertParallel: 1 });
    expect(mixtral.tasks.some((t) => t.name === "dispatch")).toBe(false);
  });

  it("refuses what cannot be, naming the field", () => {
    const ask = (change: Partial<Record<keyof DecodeStepQuestion, unknown>>) => () =>
      decodeStep({ ...question, ...change } as DecodeStepQuestion);
    for (const field of ["requestsPerGpu", "contextTokens", "expertParallel"] as const) {
      for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
        expect(ask({ [field]: value })).toThrow(new RegExp(`${field} must be a positive integer`));
    }
    // On more ranks than experts some hold none, or copies.
    expect(Number.isFinite(decodeStep({ ...question, expertParallel: 512 }).seconds)).toBe(true);
    expect(ask({ requestsPerGpu: 1, overlap: "two-micro-batches" })).toThrow(/^requests must be at least 2 for each group/);
    expect(ask({ contextToken: 4096 } as object)).toThrow(/^unknown field "contextToken"; nearest: contextTokens/);
    expect(ask({ overlap: "three" })).toThrow(/overlap must be none or two-micro-batches/);
    expect(ask({ kernel: "no such kernel" })).toThrow(/unknown kernel/);
    expect(ask({ weightFormat: "fp7" })).toThrow(/weightFormat must be one of/);
  });
});
