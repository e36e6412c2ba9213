import { describe, expect, it } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { shareOf, tensorParallelShard } from "../../src/model/shard";
import { allReduceTime } from "../../src/network/all-reduce";
import { type CollectiveTime, collectiveTime } from "../../src/network/collective";
import { decodeStep } from "../../src/step/decode";
import { memoryFootprint } from "../../src/step/memory-footprint";
import { requestStreams } from "../../src/step/requests";

const v3 = model("deepseek-v3");
const llama = model("llama-3.1-405b");
const h100 = hardware("h100-sxm");
const question = { model: v3, hardware: h100, requestsPerGpu: 8, contextTokens: 4096, expertParallel: 1 };

describe("a model cut over four GPUs", () => {
  it("leaves each a quarter of heads, widths and vocabulary, and the latent cache whole", () => {
    expect(tensorParallelShard(v3, 4)).toMatchObject({
      attentionHeads: 128 / 4,
      moeIntermediateSize: 2048 / 4,
      intermediateSize: 18_432 / 4,
      sharedIntermediateSize: 2048 / 4,
      vocabSize: 129_280 / 4,
      kvLoraRank: v3.kvLoraRank,
      routedExperts: v3.routedExperts,
      hiddenSize: v3.hiddenSize,
    });
  });

  it("keeps at least one key and value head a GPU, so that their cache is held more than once", () => {
    expect(tensorParallelShard(llama, 4).keyValueHeads).toBe(2);
    expect(tensorParallelShard(llama, 16).keyValueHeads).toBe(1);
  });

  it("is refused where a part does not divide, by the name of the field", () => {
    expect(() => tensorParallelShard(v3, 3)).toThrow("tensorParallel must divide attentionHeads (128 in deepseek-v3), got 3");
    expect(() => tensorParallelShard({ ...llama, keyValueHeads: 6 }, 4)).toThrow("keyValueHeads (6 in llama-3.1-405b) or be a multiple");
    expect(() => tensorParallelShard(v3, 0)).toThrow("tensorParallel must be a positive integer");
  });

  it("has every GPU work on the requests of the whole group, and the link join so many fewer ranks", () => {
    const share = shareOf({ ...question, tensorParallel: 4 });
    expect(share.requestsPerGpu).toBe(8 * 4);
    expect(share.hardware.scaleUpDomain).toBe(8 / 4);
    expect(shareOf(question)).toBe(question);
    expect(tensorParallelShard(v3, 1)).toBe(v3);
    const { scaleUpDomain, ...unsaid } = h100;
    expect(shareOf({ ...question, hardware: unsaid, tensorParallel: 4 }).hardware).toBe(unsaid);
  });

  it("is refused where the scale-up link does not join the group", () => {
    expect(() => shareOf({ ...question, tensorParallel: 16 })).toThrow("at most the 8 that the link of h100-sxm joins, got 16");
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

  it("is the sum of its tasks, and equal to the same step of the share but for the all-reduces", () => {
    const share = shareOf({ ...question, tensorParallel: 4 });
    const { tensorParallel: _, ...alone } = share;
    const sum = (tasks: readonly { seconds: number }[]) => tasks.reduce((total, { seconds }) => total + seconds, 0);
    expect(cut.seconds).toBeCloseTo(sum(cut.tasks), 12);
    const without = cut.tasks.filter(({ name }) => name !== "all-reduce");
    expect(sum(without)).toBeCloseTo(decodeStep(alone).seconds, 12);
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
    const slow = { ...question, weightFormat: "bfloat16" as const, kernel: "sglang_fused_moe_triton" };
    const seconds = decodeStep(slow).seconds;
    const [first] = requestStreams(slow);
    expect((first?.bytesPerSecond ?? 0) / ((first?.requestsPerSecond ?? 1) * (first?.requestBytes ?? 1))).toBeCloseTo(1, 9);
    const usual = requestStreams({ ...question, weightFormat: "bfloat16" })[0];
    expect((usual?.requestsPerSecond ?? 0) / (first?.requestsPerSecond ?? 1)).toBeCloseTo(seconds / decodeStep(question).seconds, 9);
  });
});

describe("what must stand in a GPU's memory", () => {
  it("is every weight once and the cache of the requests, worked out for a small model", () => {
    const small = {
      ...llama,
      layers: 2,
      denseLayers: 2,
      attentionLayers: 2,
      hiddenSize: 8,
      attentionHeads: 2,
      keyValueHeads: 1,
      headDim: 4,
      valueHeadDim: 4,
      intermediateSize: 16,
      vocabSize: 10,
      tiedEmbeddings: false,
    };
    // A layer: queries, keys and values 8 (2 + 1 + 1) 4, output 8 8, feed-forward 3 8 16; head and embedding 10 8 each, all 2 bytes.
    const weights = 2 * (8 * 4 * 4 + 8 * 8 + 3 * 8 * 16) + 2 * 10 * 8;
    const footprint = memoryFootprint({ model: small, weightFormat: "bfloat16", requestsPerGpu: 3, contextTokens: 5, expertParallel: 1 });
    expect(footprint).toEqual({ weightBytes: 2 * weights, cacheBytes: 3 * 5 * 2 * (4 + 4) * 2 });
    const tied = memoryFootprint({
      model: { ...small, tiedEmbeddings: true },
      weightFormat: "bfloat16",
      requestsPerGpu: 3,
      contextTokens: 5,
      expertParallel: 1,
    });
    expect(tied.weightBytes).toBe(2 * (weights - 10 * 8));
  });

  it("keeps head, embedding and router in BF16 whatever the format of the rest", () => {
    const of = (weightFormat: string) =>
      memoryFootprint({ model: v3, weightFormat, requestsPerGpu: 1, contextTokens: 1, expertParallel: 1 }).weightBytes;
    // 129,280 tokens by 7,168 twice, and 58 routers of 256 experts; FP8 in blocks of 128 x 128 has four bytes of scale a block.
    const kept = 2 * 129_280 * 7168 + 58 * 7168 * 256;
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

  it("refuses counts that cannot be and formats that are not known", () => {
    const asked = { model: v3, weightFormat: "fp8_block", requestsPerGpu: 1, contextTokens: 1, expertParallel: 0 };
    expect(() => memoryFootprint(asked)).toThrow("expertParallel must be a positive integer");
    expect(() => memoryFootprint({ ...asked, expertParallel: 1, weightFormat: "fp7" })).toThrow("weightFormat must be one of");
  });
});
