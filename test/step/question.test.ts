import { describe, expect, it } from "vitest";
import { type Hardware, hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { resolveQuestion, type StepQuestion } from "../../src/step/question";

const h200 = hardware("h200-sxm");
/** 128 experts. */
const qwen = model("qwen3-30b-a3b");
const llama = model("llama-3-70b");
const asked: StepQuestion = { model: qwen, hardware: h200, requests: 10, contextTokens: 1000 };
const { requests: _, ...bare } = asked;
const split = (question: StepQuestion) => {
  const { gpus, tensorParallel, dataParallel, expertParallel, expertTensorParallel, requests, groupRequests } = resolveQuestion(question);
  return [gpus, tensorParallel, dataParallel, expertParallel, expertTensorParallel, requests, groupRequests];
};

describe("a question of a replica", () => {
  it("has its defaults", () => {
    expect(resolveQuestion(asked)).toEqual({
      ...{ model: qwen, hardware: h200, lentLinks: false, gpus: 1, tensorParallel: 1, dataParallel: 1, expertParallel: 1 },
      ...{ expertTensorParallel: 1, expertSlots: 128, requests: 10, groupRequests: 10, contextTokens: 1000 },
      formats: { experts: "bfloat16", rest: "bfloat16", cache: "bfloat16" },
      ...{ engine: "tensorrt-llm", engineAsked: false, draftTokens: 0, acceptance: 0, promptTokens: 0 },
      ...{ routing: "chance", overlap: "none", waiting: undefined },
    });
  });

  it("has what it says", () => {
    const all = {
      draftTokens: 2,
      acceptance: 0.5,
      promptTokens: 3,
      routing: "even",
      overlap: "two-micro-batches",
      waiting: 1.5,
      expertSlots: 130,
    } as const;
    expect(resolveQuestion({ ...asked, ...all, engine: "vLLM", weightFormat: "fp8", cacheFormat: "fp8" })).toMatchObject({
      ...all,
      engine: "vllm",
      engineAsked: true,
      formats: { experts: "fp8", rest: "fp8", cache: "fp8" },
    });
    expect(resolveQuestion({ ...asked, kernel: "vllm_moe" }).kernelAsked).toBe("vllm_moe");
    expect(resolveQuestion(asked).kernelAsked).toBeUndefined();
    // Published runs accept four of five drafts.
    expect(resolveQuestion({ ...asked, draftTokens: 1 }).acceptance).toBe(0.8);
  });

  it.each<[string, Partial<StepQuestion>, readonly number[]]>([
    ["attention cut, experts cut", { tensorParallel: 8 }, [8, 8, 1, 1, 8, 10, 10]],
    ["attention cut, experts dealt", { tensorParallel: 8, expertParallel: 8 }, [8, 8, 1, 8, 1, 10, 10]],
    ["attention cut, experts both", { tensorParallel: 8, expertParallel: 2 }, [8, 8, 1, 2, 4, 10, 10]],
    ["ranks of experts beyond a group bring groups", { tensorParallel: 2, expertParallel: 8 }, [8, 2, 4, 8, 1, 10, 3]],
    ["attention dealt, experts as far as there are GPUs", { dataParallel: 4 }, [4, 1, 4, 4, 1, 10, 3]],
    ["attention both, experts over all", { tensorParallel: 2, dataParallel: 4 }, [8, 2, 4, 8, 1, 10, 3]],
    ["attention dealt, experts cut", { dataParallel: 4, expertParallel: 1 }, [4, 1, 4, 1, 4, 10, 3]],
    ["attention dealt of a dense model", { model: llama, dataParallel: 4 }, [4, 1, 4, 1, 4, 10, 3]],
  ])("is split as it says: %s", (_words, change, numbers) => {
    expect(split({ ...asked, ...change })).toEqual(numbers);
  });

  it("has places for as many experts as there are, or ranks where these are more", () => {
    const slots = (change: Partial<StepQuestion>) => resolveQuestion({ ...asked, ...change }).expertSlots;
    expect(slots({ dataParallel: 144, expertParallel: 144 })).toBe(144);
    expect(slots({ dataParallel: 144, expertParallel: 144, expertSlots: 288 })).toBe(288);
    expect(slots({ expertSlots: 128 })).toBe(128);
    expect(slots({ model: llama })).toBe(1);
    // A dense model has none to copy.
    expect(slots({ model: llama, tensorParallel: 8, expertParallel: 8 })).toBe(1);
    expect(() => slots({ expertSlots: 127 })).toThrow("expertSlots must be at least routedExperts (128), got 127");
    expect(() => slots({ expertSlots: 128.5 })).toThrow("expertSlots must be a positive integer, got 128.5");
  });

  it("is lent links that its machine lacks", () => {
    const { scaleUpBytesPerSecond: _a, scaleUpDomain: _b, networkBytesPerSecond: _c, ...linkless } = h200;
    const lent = resolveQuestion({ ...asked, hardware: linkless, tensorParallel: 2 });
    expect(lent.lentLinks).toBe(true);
    expect(lent.hardware.scaleUpBytesPerSecond).toBe(32e9);
    expect(resolveQuestion({ ...asked, hardware: linkless })).toMatchObject({ lentLinks: false, hardware: linkless });
  });
});

describe("a question of one GPU's requests", () => {
  it("has as many groups as ranks, or as it says", () => {
    expect(split({ ...bare, requestsPerGpu: 5 })).toEqual([1, 1, 1, 1, 1, 5, 5]);
    expect(split({ ...bare, requestsPerGpu: 5, expertParallel: 8 })).toEqual([8, 1, 8, 8, 1, 40, 5]);
    expect(split({ ...bare, requestsPerGpu: 5, tensorParallel: 2, expertParallel: 4 })).toEqual([8, 2, 4, 4, 2, 40, 10]);
    expect(split({ ...bare, requestsPerGpu: 5, dataParallel: 8, expertParallel: 4 })).toEqual([8, 1, 8, 4, 2, 40, 5]);
  });
});

describe("a question that cannot be", () => {
  it.each<[string, object]>([
    ['unknown field "request"; nearest: requests', { request: 1 }],
    ["model must be a model with runs, as model(id) gives", { model: "deepseek-v3" }],
    ["model must be a model with runs, as model(id) gives", { model: null }],
    ["model must be a model with runs, as model(id) gives", { model: { runs: 3 } }],
    ["hardware must be a machine, as hardware(id) gives", { hardware: "h100" }],
    ["hardware must be a machine, as hardware(id) gives", { hardware: null }],
    ["contextTokens must be a positive integer, got 0", { contextTokens: 0 }],
    ["tensorParallel must be a positive integer, got 0", { tensorParallel: 0 }],
    ["requests must be a positive integer, got 0", { requests: 0 }],
    ["requests must be a positive integer, got nothing", { requests: undefined }],
    ["dataParallel must be a positive integer, got 0", { dataParallel: 0 }],
    ["expertParallel must be a positive integer, got 0", { expertParallel: 0 }],
    ["draftTokens must be a whole number of at least 0, got -1", { draftTokens: -1 }],
    ["draftTokens must be a whole number of at least 0, got 0.5", { draftTokens: 0.5 }],
    ["promptTokens must be a whole number of at least 0, got -1", { promptTokens: -1 }],
    ["acceptance must be a share from 0 to 1, got 1.1", { acceptance: 1.1 }],
    ["acceptance must be a share from 0 to 1, got -0.1", { acceptance: -0.1 }],
    ["acceptance must be a share from 0 to 1, got NaN", { acceptance: Number.NaN }],
    ['overlap must be none or two-micro-batches, got "three"', { overlap: "three" }],
    ["waiting must be a number of at least 1, got 0.9", { waiting: 0.9 }],
    ["waiting must be a number of at least 1, got Infinity", { waiting: Number.POSITIVE_INFINITY }],
    ["expertParallel must divide the replica's 4 GPUs, got 3", { dataParallel: 4, expertParallel: 3 }],
    ["requests must be left out where requestsPerGpu is given", { requestsPerGpu: 1 }],
    ["memoryBytesPerSecond", { hardware: { ...h200, memoryBytesPerSecond: 0 } }],
    ["hardware.peakFlopsPerSecond must be a record of rates by format, got 9", { hardware: { ...h200, peakFlopsPerSecond: 9 } }],
    ["hardware.peakFlopsPerSecond must hold a rate of at least one format, got none", { hardware: { ...h200, peakFlopsPerSecond: {} } }],
    ["hardware.generation must be a name, got ", { hardware: { ...h200, generation: "" } }],
    ["draftTokens must be at most 1024, got 1025", { draftTokens: 1025 }],
    ["waiting must be a number of at most 1000000, got 1000001", { waiting: 1_000_001 }],
    ["waiting must be a number of at least 1, got 2", { waiting: "2" }],
    ["routing must be", { routing: "luck" }],
    ['unknown kernel "fast"; nearest: ', { kernel: "fast" }],
    [
      "tensorParallel times dataParallel must be a number of GPUs that can be counted, got 18014398509481984",
      { tensorParallel: 2 ** 27, dataParallel: 2 ** 27 },
    ],
    [
      "requests, dataParallel, draftTokens and promptTokens must make a number of tokens that can be counted, got 18014398509481984",
      { requests: 2 ** 52, draftTokens: 3 },
    ],
    ["must make a number of tokens that can be counted, got 4503599627370496", { requests: 2 ** 52, dataParallel: 2 ** 52 }],
    ["must make a number of tokens that can be counted, got 9007199254740992", { requests: 2 ** 52, draftTokens: 1 }],
    ["must make a number of tokens that can be counted, got 4503599627370506", { promptTokens: 2 ** 52, dataParallel: 2 }],
  ])("is refused by name: %s", (words, change) => {
    expect(() => resolveQuestion({ ...asked, ...change } as StepQuestion)).toThrow(words);
  });

  it.each<[string, object]>([
    ["requestsPerGpu must be a positive integer, got 0", { requestsPerGpu: 0 }],
    ["expertParallel must be a positive integer, got 0", { requestsPerGpu: 1, expertParallel: 0 }],
    ["dataParallel must be a positive integer, got 0", { requestsPerGpu: 1, dataParallel: 0 }],
    [
      "requestsPerGpu, dataParallel, draftTokens and promptTokens must make a number of tokens that can be counted, got 9007199254740992",
      { requestsPerGpu: 2, promptTokens: 2 ** 53 - 1 },
    ],
  ])("is refused of one GPU too: %s", (words, change) => {
    expect(() => resolveQuestion({ ...bare, ...change } as StepQuestion)).toThrow(words);
  });

  it.each([
    "memoryBytesPerSecond must be a positive number",
    "peakFlopsPerSecond.fp8 must be a positive number",
    "scaleUpBytesPerSecond must be a positive number",
    "networkBytesPerSecond must be a positive number",
    "processors must be a positive integer",
    "scaleUpDomain must be a positive integer",
  ])("is refused for a machine whose %s", (words) => {
    const [field, format] = (words.split(" ")[0] as string).split(".") as [keyof Hardware, string | undefined];
    for (const value of words.includes("integer") ? [0, 1.5] : [0, -1, Number.NaN]) {
      const broken = format === undefined ? value : { ...h200.peakFlopsPerSecond, [format]: value };
      expect(() => resolveQuestion({ ...asked, hardware: { ...h200, [field]: broken } })).toThrow(`${words}, got ${value}`);
    }
  });

  it("takes shares of nought and one", () => {
    expect(resolveQuestion({ ...asked, draftTokens: 1024, waiting: 1e6 })).toMatchObject({ draftTokens: 1024, waiting: 1e6 });
    for (const acceptance of [0, 1]) expect(resolveQuestion({ ...asked, draftTokens: 1, acceptance }).acceptance).toBe(acceptance);
    expect(resolveQuestion({ ...asked, waiting: 1 }).waiting).toBe(1);
  });

  it("is refused where it is no record", () => {
    expect(() => resolveQuestion("deepseek-v3" as never)).toThrow(new RangeError("the question must be a record, got deepseek-v3"));
    expect(() => resolveQuestion(null as never)).toThrow(new RangeError("the question must be a record, got null"));
  });

  it("is refused with the three nearest fields", () => {
    expect(() => resolveQuestion({ ...asked, request: 1 } as never)).toThrow(/; nearest: requests, \w+, \w+$/);
  });

  it("is checked again where its machine's record can change", () => {
    const machine: Hardware = { ...h200 };
    expect(() => resolveQuestion({ ...asked, hardware: machine })).not.toThrow();
    (machine as { memoryBytesPerSecond: number }).memoryBytesPerSecond = -1;
    expect(() => resolveQuestion({ ...asked, hardware: machine })).toThrow("memoryBytesPerSecond");
  });
});
