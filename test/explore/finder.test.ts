import { describe, expect, it } from "vitest";
import { askedOf } from "../../src/explore/finder";
import { bestOfSplits, chosenAs, keepsLimits, planOfSearch, pointOf, ranked } from "../../src/explore/found";
import { launchLines } from "../../src/explore/launch-lines";
import { measuredOn } from "../../src/explore/measured";
import { type SearchSlice, searchInSlices } from "../../src/explore/search-slices";
import { asSoldWords, searchWords, whatIfWords } from "../../src/explore/search-words";
import { setUp } from "../../src/explore/setup";
import { firstState, type State } from "../../src/explore/state";
import { scenarioOf } from "../../src/explore/verdicts";
import { batchSweepFigure } from "../../src/figures/batch-sweep";
import { deploymentFrontFigure } from "../../src/figures/deployment-front";
import { decodeStep, deploymentRows, hardware, model, type StepQuestion, searchDeployments } from "../../src/index";

const state: State = {
  ...firstState,
  a: { ...firstState.a, model: "deepseek-v3", machine: "h200-sxm" },
  find: { ...firstState.find, gpusTo: 16, drafts: 1 },
};
const plan = planOfSearch(askedOf(state));
const grid = plan.ways.flatMap((way) => {
  const deployment = plan.deploymentOf(way);
  return deployment === undefined ? [] : [{ way, deployment }];
});
const tries = [...plan.between(grid)];
const all = [...grid, ...tries.flatMap((one) => one ?? [])].map(({ way, deployment }) => pointOf(way, deployment));
const { inOrder, front } = ranked(all);

describe("what the page finds", () => {
  it("is what searchDeployments finds", () => {
    const { find } = state;
    const found = searchDeployments({
      ...{ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), gpus: [8, 16], draftTokens: [0, 1] },
      ...{ inputTokens: find.inputTokens, outputTokens: find.outputTokens },
    });
    expect(plan.searched + tries.length).toBe(found.searched);
    expect(inOrder.map(({ perGpu }) => perGpu)).toEqual(found.deployments.map(({ tokensPerSecondPerGpu }) => tokensPerSecondPerGpu));
    expect(front.map(({ perRequest }) => perRequest)).toEqual(
      found.front.map(({ tokensPerSecondPerRequest }) => tokensPerSecondPerRequest),
    );
  });

  it("comes in slices, that together are all of it, and ends when something newer is asked", async () => {
    const slices: SearchSlice[] = [];
    await searchInSlices(
      { job: 3, search: askedOf(state) },
      () => true,
      (slice) => slices.push(slice),
    );
    expect(slices.flatMap(({ points }) => points)).toHaveLength(all.length);
    expect(slices.at(-1)?.searched).toBe(plan.searched + tries.length);
    expect(slices.map(({ done }) => done)).toEqual([...slices.slice(1).map(() => false), true]);
    expect(slices.every(({ job }) => job === 3)).toBe(true);
    const few: SearchSlice[] = [];
    const wide = { ...state, find: { ...state.find, gpusTo: 256 } };
    await searchInSlices(
      { job: 4, search: askedOf(wide) },
      () => false,
      (slice) => few.push(slice),
    );
    expect(few).toHaveLength(1);
  });

  it("says why nothing could be searched", async () => {
    const slices: SearchSlice[] = [];
    const search = { ...askedOf(state), choice: { ...askedOf(state).choice, weightFormat: "fp3" } };
    await searchInSlices(
      { job: 1, search },
      () => true,
      (slice) => slices.push(slice),
    );
    expect(slices[0]?.trouble).toContain("weightFormat must be one of");
  });

  it("becomes the scenario whose step it is", () => {
    for (const point of [...front, ...all.filter((_, i) => i % 97 === 0)]) {
      const setup = setUp(chosenAs(point, state.a));
      expect(decodeStep(setup.question).tokensPerSecondPerGpu).toBe(point.perGpu);
      expect(setup.gpus * point.replicas).toBe(point.gpus);
      expect(setup.fits).toBe(true);
    }
  });

  it("lists the best of each split once, within the limits", () => {
    const find = { ...state.find, tokenMilliseconds: 30, firstTokenSeconds: 0.5 };
    const within = inOrder.filter((point) => keepsLimits(point, find));
    expect(within.every(({ perRequest, firstTokenSeconds }) => 1000 / perRequest <= 30 && firstTokenSeconds <= 0.5)).toBe(true);
    const best = bestOfSplits(within, 10);
    expect(best[0]).toBe(within[0]);
    const keys = best.map(({ tensorParallel, dataParallel, expertParallel }) => [tensorParallel, dataParallel, expertParallel].join());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("is told in words, and what to try where nothing fits", () => {
    const setup = setUp(state.a);
    const found = { points: all, searched: plan.searched, done: true, milliseconds: 400 };
    expect(searchWords(found, 7, setup, state.find)).toMatch(/deployments searched in 400 ms: [\d,]+ fit, 7 keep your limits\.$/);
    expect(searchWords({ ...found, points: [] }, 0, setup, state.find)).toContain(
      "none fits. DeepSeek-V3 in FP8, scales by block is 674 GB of weights; 16 of H200 SXM have 2,260 GB. Try more GPUs",
    );
    // A card without a network is searched up to the cards of one machine.
    const cards = setUp({ ...state.a, machine: "arc-pro-b60" });
    expect(searchWords({ ...found, points: [] }, 0, cards, state.find)).toContain(
      "8 of Arc Pro B60 have 192 GB, and more were not searched: no rate of a network beyond the scale-up link is known of Arc Pro B60. Try fewer bytes per weight.",
    );
    expect(whatIfWords(setup)).toBe("");
    expect(asSoldWords([setup])).toBe("");
    const changed = setUp({ ...state.a, granularity: 2, times: { networkBandwidth: 4 } });
    expect(whatIfWords(changed)).toMatch(/^What if: DeepSeek-V3, experts split by 2 on H200 SXM with network × 4; neither/);
    // Claims are asked of model and machine as they are, and say so.
    expect(scenarioOf(changed)).toMatchObject({ model: "deepseek-v3", hardware: "h200-sxm" });
    expect(asSoldWords([setup, changed])).toMatch(/^These are the verdicts for DeepSeek-V3 on H200 SXM as they are: what you changed/);
    expect(searchWords({ ...found, points: [], done: false, searched: 0 }, 0, setup, state.find)).toBe("Searching…");
  });
});

describe("measured deployments", () => {
  it("are those of the machine and of every model of the same shape, at their own rates", () => {
    const rings = measuredOn(model("deepseek-v3"), hardware("h200-sxm"));
    // DeepSeek-R1 is a DeepSeek-V3 that was trained further.
    expect(rings.length).toBeGreaterThan(40);
    const row = deploymentRows().find(({ machine, use, model: of }) => machine === "h200-sxm" && use === "steady" && of === "deepseek-r1");
    const ring = rings.find(({ words }) => words.some((line) => line.includes(row?.id ?? "none")));
    expect(ring?.perRequest).toBeCloseTo(1 / (row?.seconds ?? 0), 9);
    expect(ring?.perGpu).toBeCloseTo((row?.requests ?? 0) / (row?.seconds ?? 1) / (row?.gpus ?? 1), 9);
    expect(measuredOn(model("gshard-600b"), hardware("h200-sxm"))).toEqual([]);
  });
});

describe("the command that starts a deployment", () => {
  const asked = (part: Partial<StepQuestion>) => ({
    question: { model: model("deepseek-r1"), hardware: hardware("h200-sxm"), requests: 64, contextTokens: 4096, ...part },
    ...{ longestTokens: 5120, usableShare: 0.9 },
  });
  const lines = (part: Partial<StepQuestion>) =>
    Object.fromEntries(launchLines(asked(part)).map((one) => [one.engine, "line" in one ? one.line : one.reason]));

  it("says attention cut over eight with experts dealt over eight", () => {
    const { vllm, sglang, "tensorrt-llm": trt } = lines({ tensorParallel: 8, dataParallel: 1, expertParallel: 8 });
    expect(vllm).toBe(
      "vllm serve deepseek-ai/DeepSeek-R1 \\\n  --tensor-parallel-size 8 \\\n  --enable-expert-parallel \\\n  --max-num-seqs 64 \\\n  --max-model-len 5120 \\\n  --gpu-memory-utilization 0.90",
    );
    expect(sglang).toContain("--tp-size 8 \\\n  --ep-size 8");
    expect(sglang).not.toContain("--dp-size");
    expect(trt).toContain("trtllm-serve deepseek-ai/DeepSeek-R1 \\\n  --tp_size 8 \\\n  --ep_size 8");
    expect(trt).not.toContain("options.yaml");
  });

  it("says attention dealt out over sixteen, drafts, a cache in FP8 and two micro-batches", () => {
    const part = {
      tensorParallel: 1,
      dataParallel: 16,
      expertParallel: 16,
      draftTokens: 2,
      cacheFormat: "fp8",
      overlap: "two-micro-batches" as const,
    };
    const { vllm, sglang, "tensorrt-llm": trt } = lines(part);
    for (const option of [
      "--data-parallel-size 16",
      "--data-parallel-size-local 8",
      "--enable-dbo",
      "--kv-cache-dtype fp8",
      "--max-num-seqs 4",
    ])
      expect(vllm).toContain(option);
    expect(vllm).toContain(`--speculative-config '{"method":"mtp","num_speculative_tokens":2}'`);
    for (const option of [
      "--tp-size 16",
      "--dp-size 16 --enable-dp-attention",
      "--nnodes 2",
      "--max-running-requests 64",
      "--enable-two-batch-overlap",
    ])
      expect(sglang).toContain(option);
    expect(trt).toContain(
      "enable_attention_dp: true\nkv_cache_config:\n  dtype: fp8\nspeculative_config:\n  decoding_type: MTP\n  max_draft_len: 2\n  num_nextn_predict_layers: 2",
    );
    expect(trt).toContain("--extra_llm_api_options options.yaml");
  });

  it("says where an engine has no option for a split", () => {
    const { vllm, sglang, "tensorrt-llm": trt } = lines({ tensorParallel: 4, dataParallel: 2, expertParallel: 4 });
    expect(vllm).toContain("it has no option for this split");
    expect(trt).toContain("it has no option for this split");
    expect(sglang).toContain("--ep-size 4");
  });
});

describe("the figures of the finder", () => {
  const members = front.map((point) => ({ ...point, low: 0.8, high: 1.25 }));
  const drawn = deploymentFrontFigure({
    ...{ name: "DeepSeek-V3 on H200", points: inOrder, front: members, measured: measuredOn(model("deepseek-v3"), hardware("h200-sxm")) },
    ...{ contextTokens: 4096, chosen: front[0], secondsPerToken: 0.05, setting: "" },
  });
  const trace = (name: string) => drawn.data.find((one) => one.name === name) as { x: number[]; y: number[]; customdata: number[] };

  it("draw the front, its band along the rays, and points that lead back to their deployment", () => {
    expect(trace("best of all").y).toEqual(front.map(({ perGpu }) => perGpu));
    const band = trace("four in five");
    expect(band.x[0]).toBe((front[0]?.perRequest ?? 0) / 0.8);
    expect(band.y.at(-1)).toBe((front[0]?.perGpu ?? 0) / 1.25);
    const cloud = trace("attention DP");
    for (const [i, at] of cloud.customdata.entries()) expect(inOrder[at]?.perGpu).toBe(cloud.y[i]);
    expect(drawn.data.reduce((sum, one) => sum + (one.x as unknown[]).length, 0)).toBeLessThan(4000);
  });

  it("draw every batch, and where the memory ends", () => {
    const points = [1, 2, 4].map((n) => ({ requestsPerGpu: n, perGpu: 100 * n, milliseconds: 10 * n, low: 9 * n, high: 12 * n }));
    const { layout, caption } = batchSweepFigure({ name: "TP8", points, most: 2, chosen: 1 });
    expect((layout.shapes as { x0: number }[]).map(({ x0 }) => x0)).toEqual([2, 1]);
    expect(caption).toContain("more than the memory holds, which is 2 requests per GPU");
    expect(() => batchSweepFigure({ name: "TP8", points: [], most: 2, chosen: 1 })).toThrow(/at least one point/);
  });
});
