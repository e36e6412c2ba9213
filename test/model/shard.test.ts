import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import type { Block, Run } from "../../src/model/blocks";
import { decoder } from "../../src/model/decoder";
import { mixerKept } from "../../src/model/mixers/mixers";
import { model } from "../../src/model/registry";
import { cutBlock, tensorParallelShard } from "../../src/model/shard";
import { allReduceTime } from "../../src/network/all-reduce";
import { type CollectiveTime, collectiveTime } from "../../src/network/collective";
import { decodeStep } from "../../src/step/decode";
import { memoryFootprint } from "../../src/step/memory-footprint";
import { requestStreams } from "../../src/step/requests";

const v3 = model("deepseek-v3");
const llama = model("llama-3.1-405b");
const h100 = hardware("h100-sxm");
const oneGpu = { model: v3, requests: 1, contextTokens: 1 };
const block = (id: string, run: number, at: number) => model(id).runs[run]?.blocks[at] as Block;
const question = { model: v3, hardware: h100, requestsPerGpu: 8, contextTokens: 4096, expertParallel: 1 };

describe("a model cut over four GPUs", () => {
  it("leaves each a quarter of heads, widths and vocabulary, and the latent cache whole", () => {
    const share = tensorParallelShard(v3, 4);
    expect(share).toMatchObject({
      moeIntermediateSize: 2048 / 4,
      intermediateSize: 18_432 / 4,
      sharedIntermediateSize: 2048 / 4,
      vocabSize: 129_280 / 4,
      routedExperts: v3.routedExperts,
      hiddenSize: v3.hiddenSize,
    });
    const mixer = { ...block("deepseek-v3", 0, 0), heads: 128 / 4 };
    expect(share.runs).toEqual([
      { count: 3, blocks: [mixer, { kind: "dense", width: 18_432 / 4, matrices: 3 }] },
      { count: 58, blocks: [mixer, { ...block("deepseek-v3", 1, 1), width: 2048 / 4, sharedWidth: 2048 / 4 }] },
    ]);
    for (const format of ["bfloat16", "fp8"] as const)
      expect(mixerKept(mixer as never, 1000, format)).toEqual(mixerKept(block("deepseek-v3", 0, 0) as never, 1000, format));
  });

  it("keeps at least one key and value head a GPU, so that their cache is held more than once", () => {
    expect(tensorParallelShard(llama, 4).runs[0]?.blocks[0]).toMatchObject({ heads: 32, keyValueHeads: 2 });
    expect(tensorParallelShard(llama, 16).runs[0]?.blocks[0]).toMatchObject({ heads: 8, keyValueHeads: 1 });
  });

  it("deals out the heads of a state with the state", () => {
    const whole = block("qwen3-next-80b-a3b", 0, 0);
    const cut = cutBlock(whole, { tensorParallel: 4 });
    expect(cut).toMatchObject({ keyHeads: 16 / 4, valueHeads: 32 / 4 });
    expect(4 * mixerKept(cut as never, 1, "bfloat16").stateBytes).toBe(mixerKept(whole as never, 1, "bfloat16").stateBytes);
  });

  it("leaves indexers whole, whose keys every GPU keeps", () => {
    const whole = block("deepseek-v3.2-exp", 0, 0);
    expect(cutBlock(whole, { tensorParallel: 8 })).toEqual({ ...whole, heads: 128 / 8 });
    const selected = block("minimax-m3", 1, 0);
    expect(cutBlock(selected, { tensorParallel: 4 })).toEqual({ ...selected, heads: 64 / 4, keyValueHeads: 4 / 4 });
  });

  it("cuts experts over their own degree, and widths to the next whole number", () => {
    const experts = block("deepseek-v3", 1, 1);
    expect(cutBlock(experts, { tensorParallel: 8, expertTensorParallel: 1 })).toEqual({ ...experts, sharedWidth: 2048 / 8 });
    expect(cutBlock({ kind: "dense", width: 10, matrices: 3 }, { tensorParallel: 4 })).toMatchObject({ width: 3 });
    expect(tensorParallelShard(v3, 8, 1)).toMatchObject({ moeIntermediateSize: 2048, sharedIntermediateSize: 256 });
    expect(tensorParallelShard(v3, 1, 2)).toMatchObject({ moeIntermediateSize: 1024, sharedIntermediateSize: 2048 });
  });

  it("is refused where a part does not divide, by the name of the field", () => {
    expect(() => tensorParallelShard(v3, 3)).toThrow("tensorParallel must divide heads (128), got 3");
    expect(() => cutBlock({ ...block("llama-3.1-405b", 0, 0), keyValueHeads: 6 } as Block, { tensorParallel: 4 })).toThrow(
      "tensorParallel must divide keyValueHeads (6) or be a multiple of it, got 4",
    );
    expect(() => tensorParallelShard("deepseek-v3" as never, 2)).toThrow("model must be a model with runs");
    expect(() => tensorParallelShard(v3, 0)).toThrow("tensorParallel must be a positive integer");
    expect(() => tensorParallelShard(v3, 2, 0)).toThrow("expertTensorParallel must be a positive integer");
    expect(tensorParallelShard(v3, 1)).toBe(v3);
  });
});

describe("an all-reduce of a group", () => {
  it("is the faster of NCCL's and TensorRT-LLM's, either of which can be", () => {
    const faster = [1e3, 1e5, 1e6, 1e7, 1e9].map((bytes) => {
      const [nccl, own] = (["nccl", "trtllm"] as const).map((implementation) =>
        collectiveTime({ collective: "all-reduce", bytes, gpus: 4, hardware: h100, implementation }),
      ) as [CollectiveTime, CollectiveTime];
      expect(allReduceTime(bytes, 4, h100).seconds).toBe(Math.min(own.seconds, nccl.seconds));
      return own.seconds < nccl.seconds ? "own" : "nccl";
    });
    expect(new Set(faster).size).toBe(2);
    expect(() => allReduceTime(0, 4, h100)).toThrow(new RangeError("bytes must be a positive number, got 0"));
  });
});

describe("a decode step under tensor parallelism", () => {
  const cut = decodeStep({ ...question, tensorParallel: 4 });

  it("has two all-reduces a layer, of the group's tokens in BF16", () => {
    const reduces = cut.tasks.filter(({ name }) => name === "all-reduce");
    expect(reduces).toHaveLength(2 * v3.layers);
    const bytes = 2 * 7168 * (8 * 4);
    expect(reduces[0]?.seconds).toBe(allReduceTime(bytes, 4, h100).seconds);
    expect(reduces[0]?.bytes).toBeCloseTo(2 * (3 / 4) * bytes, 6);
    expect(decodeStep(question).tasks.some(({ name }) => name === "all-reduce")).toBe(false);
  });

  it("waits for the start of an all-reduce of few tokens and for the link in one of many", () => {
    const reduce = (requestsPerGpu: number) =>
      decodeStep({ ...question, requestsPerGpu, tensorParallel: 4 }).tasks.find(({ name }) => name === "all-reduce");
    for (const [requests, bound] of [
      [1, "latency"],
      [4096, "scale-up"],
    ] as const) {
      const { seconds } = allReduceTime(2 * 7168 * requests * 4, 4, h100);
      expect(reduce(requests)).toMatchObject({ bound, seconds, kernelSeconds: [seconds], flops: 0 });
    }
  });

  it("is equal to the same step of the share, with the requests of the whole group, but for the all-reduces", () => {
    const share = tensorParallelShard(v3, 4);
    const sum = (tasks: readonly { seconds: number }[]) => tasks.reduce((total, { seconds }) => total + seconds, 0);
    const without = cut.tasks.filter(({ name }) => name !== "all-reduce");
    expect(sum(without)).toBeCloseTo(sum(decodeStep({ ...question, model: share, requestsPerGpu: 8 * 4 }).tasks), 12);
    expect(cut.tokensPerSecondPerGpu).toBeCloseTo(8 / cut.seconds, 12);
  });

  it("shortens the step of a large dense model, whose weights are read once for the whole group", () => {
    const dense = { model: llama, hardware: h100, requestsPerGpu: 4, contextTokens: 1024, expertParallel: 1 };
    expect(decodeStep({ ...dense, tensorParallel: 8 }).seconds).toBeLessThan(decodeStep(dense).seconds / 3);
  });

  it("sends its all-reduces over the scale-up link, in pieces of one GPU's part", () => {
    const streams = requestStreams({ ...question, tensorParallel: 4, weightFormat: "fp8_block" });
    const [stream, ...more] = streams.filter(({ name }) => name === "all-reduce");
    expect(more).toEqual([]);
    expect(stream).toMatchObject({ tier: "scale-up", requestBytes: (2 * 7168 * 32) / 4 });
    const bytes = 2 * v3.layers * 2 * (3 / 4) * 2 * 7168 * 32;
    expect((stream?.bytesPerSecond ?? 0) * cut.seconds).toBeCloseTo(bytes, 0);
    const own = cut.tasks.filter(({ name }) => name === "all-reduce").reduce((total, { seconds }) => total + seconds, 0);
    expect((stream?.burstPerSecond ?? 0) * own * (stream?.requestBytes ?? 0)).toBeCloseTo(bytes, 0);
  });

  it("takes the kernel asked for into the streams of requests", () => {
    const slow = { ...question, weightFormat: "bfloat16", kernel: "sglang_fused_moe_triton" };
    const seconds = decodeStep(slow).seconds;
    const [first] = requestStreams(slow);
    expect((first?.bytesPerSecond ?? 0) / ((first?.requestsPerSecond ?? 1) * (first?.requestBytes ?? 1))).toBeCloseTo(1, 9);
    const usual = requestStreams({ ...question, weightFormat: "bfloat16" })[0];
    expect((usual?.requestsPerSecond ?? 0) / (first?.requestsPerSecond ?? 1)).toBeCloseTo(
      seconds / decodeStep({ ...question, weightFormat: "bfloat16" }).seconds,
      9,
    );
  });
});

describe("what must stand in a GPU's memory", () => {
  it("is every weight once and the cache of the requests, worked out for a small model", () => {
    const runs: readonly Run[] = [
      {
        count: 2,
        blocks: [
          { kind: "grouped", heads: 2, keyValueHeads: 1, headDim: 4, valueHeadDim: 4, cacheSource: "own" },
          { kind: "dense", width: 16, matrices: 3 },
        ],
      },
    ];
    const small = decoder({ ...llama, runs, hiddenSize: 8, vocabSize: 10, tiedEmbeddings: false });
    const asked = { weightFormat: "bfloat16", requests: 3, contextTokens: 5 };
    // A layer: queries, keys and values 8 (2 + 1 + 1) 4, output 8 8, feed-forward 3 8 16; head and embedding 10 8 each, all 2 bytes.
    const weights = 2 * (8 * 4 * 4 + 8 * 8 + 3 * 8 * 16) + 2 * 10 * 8;
    const cacheBytes = 3 * 5 * 2 * (4 + 4) * 2;
    expect(memoryFootprint({ model: small, ...asked })).toEqual({
      weightBytes: 2 * weights,
      cacheBytes,
      stateBytes: 0,
      totalBytes: 2 * weights + cacheBytes,
    });
    expect(memoryFootprint({ model: decoder({ ...small, tiedEmbeddings: true }), ...asked }).weightBytes).toBe(2 * (weights - 10 * 8));
    // Half of it in FP8, the weights as they are.
    expect(memoryFootprint({ model: small, ...asked, cacheFormat: "fp8" })).toMatchObject({
      weightBytes: 2 * weights,
      cacheBytes: cacheBytes / 2,
    });
  });

  it("counts states among what is kept, and says which part they are", () => {
    const m = model("qwen3-next-80b-a3b");
    const { cacheBytes, stateBytes, weightBytes, totalBytes } = memoryFootprint({ model: m, requests: 2, contextTokens: 1000 });
    // 36 layers of 32 heads of 128 by 128 in FP32, and three tokens of 8,192 channels before the convolution.
    expect(stateBytes).toBe(2 * 36 * (32 * 128 * 128 * 4 + 3 * (2 * 16 * 128 + 32 * 128) * 2));
    expect(cacheBytes - stateBytes).toBe(2 * 1000 * 12 * 2 * (256 + 256) * 2);
    expect(totalBytes).toBe(weightBytes + cacheBytes);
  });

  it("keeps of a window its tokens alone", () => {
    const kept = (contextTokens: number) => memoryFootprint({ model: model("gpt-oss-120b"), requests: 1, contextTokens }).cacheBytes;
    const token = 2 * 8 * 64 * 2;
    expect(kept(100)).toBe(100 * 36 * token);
    expect(kept(10_000)).toBe(18 * (10_000 + 128) * token);
  });

  it("keeps head, embedding and router in BF16 whatever the format of the rest, and the absorbed projections", () => {
    const of = (weightFormat: string) => memoryFootprint({ ...oneGpu, weightFormat }).weightBytes;
    // 129,280 tokens by 7,168 twice, 58 routers of 256 experts, and 61 times 128 heads of 512 by 128 for key and value;
    // FP8 in blocks of 128 x 128 has four bytes of scale a block.
    const kept = 2 * 129_280 * 7168 + 58 * 7168 * 256 + 61 * 2 * 128 * 512 * 128;
    expect((of("bfloat16") - of("fp8_block")) / (2 - (1 + 4 / 128 ** 2))).toBeCloseTo(of("bfloat16") / 2 - kept, -3);
  });

  it("is that of the GPU with the most experts where they do not divide", () => {
    const of = (expertParallel: number) =>
      memoryFootprint({ model: v3, weightFormat: "fp8_block", requestsPerGpu: 1, contextTokens: 1, expertParallel }).weightBytes;
    expect(of(200)).toBe(of(128));
    expect(of(128) - of(256)).toBeCloseTo(58 * 3 * 7168 * 2048 * (1 + 4 / 128 ** 2), 0);
    // All of DeepSeek-V3 in its own format: 671 billion parameters, a byte each and a little.
    expect(of(1) / 671e9).toBeGreaterThan(0.99);
    expect(of(1) / 671e9).toBeLessThan(1.01);
  });

  it("is that of copied experts where there are more places than experts", () => {
    const of = (expertSlots?: number) =>
      memoryFootprint({ model: v3, requestsPerGpu: 1, contextTokens: 1, expertParallel: 32, ...(expertSlots ? { expertSlots } : {}) })
        .weightBytes;
    expect(of(256)).toBe(of());
    expect(of(288) - of()).toBeCloseTo(58 * 3 * 7168 * 2048 * (1 + 4 / 128 ** 2), 0);
  });

  it("refuses counts that cannot be and formats that are not known", () => {
    const asked = { model: v3, weightFormat: "fp8_block", requestsPerGpu: 1, contextTokens: 1, expertParallel: 0 };
    expect(() => memoryFootprint(asked)).toThrow("expertParallel must be a positive integer");
    expect(() => memoryFootprint({ ...asked, expertParallel: 1, weightFormat: "fp7" })).toThrow("weightFormat must be one of");
    expect(() => memoryFootprint({ ...oneGpu, cacheFormat: "fp4" })).toThrow('cacheFormat must be bfloat16 or fp8, got "fp4"');
    expect(() => memoryFootprint({ ...oneGpu, expertSlots: 255 })).toThrow("expertSlots must be at least routedExperts (256), got 255");
  });
});
