import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { root } from "../../notebooks/jupyter/project.mjs";
import { answerOf } from "../../src/explore/answer";
import { answerNotes } from "../../src/explore/answer-notes";
import { cellOf } from "../../src/explore/cell";
import { csvOf } from "../../src/explore/csv";
import { firstFind } from "../../src/explore/find";
import { modelFromFile, modelFromLink, modelToLink } from "../../src/explore/own";
import { pictureOf } from "../../src/explore/pictures";
import { setUp } from "../../src/explore/setup";
import { attentionOptions, expertOptions, formatOptions, kernelOptions } from "../../src/explore/setup-options";
import { type Choice, firstState, readAddress, writeAddress } from "../../src/explore/state";
import { claimIds, claimRow, scenarioOf } from "../../src/explore/verdicts";
import { stepQuestion, viewOf } from "../../src/explore/view";
import { writeDifference } from "../../src/explore/words";
import {
  addModel,
  claims,
  decodeStep,
  expertSeconds,
  hardware,
  machines,
  meanTokensPerExpert,
  model,
  modelFromConfigText,
  models,
  parameterCount,
  requestStreams,
} from "../../src/index";
import { hostileNames } from "../hostile-names";

const choice = (part: Partial<Choice> = {}): Choice => ({ ...firstState.a, ...part });
const config = {
  model_type: "llama",
  hidden_size: 4096,
  intermediate_size: 14_336,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  num_hidden_layers: 32,
  vocab_size: 128_256,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
};

describe("the address", () => {
  it("holds the whole state, and gives it back", () => {
    const b = choice({
      model: "deepseek-v3",
      machine: "b200-sxm",
      kernel: "deepgemm",
      weightFormat: "fp8_block",
      overlap: "two-micro-batches",
    });
    const state = {
      a: choice({ tokensInFlight: 512, contextTokens: 100_000, tensorParallel: 4, granularity: 2, times: { arithmetic: 0.5 } }),
      b,
      find: { ...firstFind, gpusTo: 128, best: 1 },
      own: [],
    };
    expect(readAddress(`#${writeAddress(state)}`)).toEqual({ state, troubles: [] });
    expect(readAddress("")).toEqual({ state: firstState, troubles: [] });
  });

  it("carries a model of the reader's own", () => {
    const own = modelFromFile(JSON.stringify(config), "my-model.json");
    const written = writeAddress({ a: choice({ model: own.id }), find: firstFind, own: [own] });
    const { state, troubles } = readAddress(written);
    expect(troubles).toEqual([]);
    expect(state.own).toEqual([own]);
    expect(own).toMatchObject({ name: "my-model", hiddenSize: 4096, tiedEmbeddings: false, released: "" });
    expect(viewOf(setUp(state.a)).step.seconds).toBe(viewOf(setUp(choice({ model: own.id }))).step.seconds);
    expect(written.length).toBeLessThan(2000);
  });

  it("names what is wrong in it and falls back to what stands in", () => {
    const { state, troubles } = readAddress("#model=kimi-k9&machine=h100-sxn&tokens=-5&ep=1e3&context=99999999999&modle=x&overlap=three");
    expect(state).toEqual(firstState);
    expect(troubles).toEqual([
      'The link has a part "modle" that this page does not know; nearest: model, b.model, cache.',
      expect.stringMatching(/^The link's model "kimi-k9" is not known; nearest: kimi-k2,.* kimi-k2 stands in\.$/),
      'The link\'s ep must be a whole number from 1 to 4096, got "1e3". 64 stands in.',
      expect.stringContaining('machine "h100-sxn" is not known; nearest: h100-sxm'),
      'The link\'s tokens must be a whole number from 1 to 16777216, got "-5". 6144 stands in.',
      expect.stringContaining('got "99999999999". 4096 stands in.'),
      expect.stringContaining('overlap "three" is not known'),
    ]);
  });

  it("refuses a model that was cut off, is no record or has an impossible size, and says so", () => {
    const own = modelFromFile(JSON.stringify(config), "x.json");
    const link = modelToLink(own);
    expect(modelFromLink(link).architecture).toBe(own.architecture);
    expect(modelFromLink(modelToLink({ ...own, id: "own-0000000a", architecture: "<b>" })).architecture).not.toContain("<");
    expect(readAddress(`#own=${link.slice(0, 100)}`).troubles).toEqual([
      "The model in this link cannot be read: it is cut off or was changed on the way",
    ]);
    const changed = (part: object) => () => modelFromLink(modelToLink({ ...own, id: "own-00000001", ...part } as typeof own));
    expect(changed({ id: "deepseek-v3" })).toThrow("expected an id such as");
    expect(changed({ hiddenSize: 0 })).toThrow("expected hiddenSize up to 1,000,000,000, got 0");
    const runs = (count: unknown) => [{ count, blocks: own.runs[0]?.blocks }];
    expect(changed({ runs: runs(1e9) })).toThrow("runs must hold at most 10000 layers, got 1000000000");
    expect(changed({ runs: runs("many") })).toThrow("runs[0].count must be a positive integer, got many");
    expect(changed({ runs: [{ count: 1, blocks: [{ kind: "grouped", heads: 1e12 }] }] })).toThrow("heads must be at most 1000000000");
    expect(changed({ formats: { experts: "fp3" } })).toThrow("weightFormat must be one of");
    expect(() => modelFromLink(btoa("[1]"))).toThrow("expected a record of a model");
    expect(() => modelFromLink("__proto__")).toThrow("cut off");
  });

  it("reads the flat record that links of version 1.1 carry: Mixtral 8x7B's sizes give its 46.7 billion parameters", () => {
    const flat = {
      ...{ id: "own-00000011", name: "old <b>", layers: 32, denseLayers: 0, moeLayers: 32, hiddenSize: 4096, expertHiddenSize: 4096 },
      ...{ routedExperts: 8, sharedExperts: 0, expertsPerToken: 2, moeIntermediateSize: 14336, sharedIntermediateSize: 0 },
      ...{ intermediateSize: 0, parallelIntermediateSize: 0, expertMatrices: 3, ffnMatrices: 3, attention: "GQA", attentionLayers: 32 },
      ...{ linearLayers: 0, attentionHeads: 32, keyValueHeads: 8, headDim: 128, valueHeadDim: 128, expertGroups: 1, topkGroup: 1 },
      ...{ vocabSize: 32000, tiedEmbeddings: false, weightDtype: "bf16" },
    };
    const read = modelFromLink(btoa(JSON.stringify(flat)).replaceAll("=", ""));
    expect(read.name).not.toContain("<");
    expect(parameterCount(read).total).toBe(parameterCount(model("mixtral-8x7b")).total);
    expect(decodeStep({ model: read, hardware: hardware("h100-sxm"), requests: 8, contextTokens: 100 }).seconds).toBeGreaterThan(0);
    const latent = {
      ...flat,
      id: "own-00000012",
      kvLoraRank: 512,
      qkRopeHeadDim: 64,
      headDim: 192,
      denseLayers: 3,
      moeLayers: 29,
      intermediateSize: 8,
    };
    expect(
      modelFromLink(btoa(JSON.stringify(latent)).replaceAll("=", "")).runs.map(({ count, blocks }) => [count, blocks[0]?.kind]),
    ).toEqual([
      [3, "latent"],
      [29, "latent"],
    ]);
  });
});

describe("how GPUs are split", () => {
  const splitOf = (hash: string) => {
    const { state, troubles } = readAddress(hash);
    const { gpus, tensorParallel, dataParallel, expertParallel, question } = setUp(state.a);
    return { troubles, gpus, tensorParallel, dataParallel, expertParallel, seconds: decodeStep(question).seconds };
  };

  it("can be said as engines do: eight GPUs with attention cut over eight and experts dealt over eight", () => {
    const said = splitOf("#model=deepseek-v3&machine=h200-sxm&gpus=8&tp=8&ep=8&tokens=64");
    expect(said).toMatchObject({ gpus: 8, tensorParallel: 8, dataParallel: 1, expertParallel: 8, troubles: [] });
    const question = { requests: 64, contextTokens: 4096, tensorParallel: 8, dataParallel: 1, expertParallel: 8 };
    expect(said.seconds).toBe(decodeStep({ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), ...question }).seconds);
    const setup = setUp(choice({ gpus: 8, tensorParallel: 8, expertParallel: 8 }));
    expect(attentionOptions(setup).map(({ label }) => label)).toContain("cut over 2 (TP2), dealt out over 4 (DP4)");
    expect(expertOptions(setup).map(({ label }) => label)).toEqual([
      "each cut over all 8 (TP8)",
      "dealt out over 2 (EP2), each cut over 4",
      "dealt out over 4 (EP4), each cut over 2",
      "dealt out over 8 (EP8)",
    ]);
  });

  it("is that of links of version 1.1, which name ranks and the GPUs of a rank", () => {
    const old = "#model=deepseek-v3&machine=h200-sxm&tokens=1024&ep=16&tp=2&context=4096";
    expect(splitOf(old)).toMatchObject({ gpus: 32, tensorParallel: 2, dataParallel: 16, expertParallel: 16, troubles: [] });
    const question = { requestsPerGpu: 32, contextTokens: 4096, tensorParallel: 2, expertParallel: 16 };
    expect(splitOf(old).seconds).toBe(decodeStep({ model: model("deepseek-v3"), hardware: hardware("h200-sxm"), ...question }).seconds);
    expect(splitOf("#model=llama-3-70b&machine=h200-sxm&tokens=64&ep=64&tp=4")).toMatchObject({ gpus: 4, tensorParallel: 4, troubles: [] });
  });

  it("starts a dense model on the fewest GPUs that hold it, with a batch that fits", () => {
    const { state } = readAddress("#model=llama-3-70b&machine=h200-sxm");
    // 141 GB in BF16: not on one GPU of 141 GB.
    expect(state.a).toMatchObject({ gpus: 2, tensorParallel: 2, expertParallel: 1 });
    expect(setUp(state.a)).toMatchObject({ fits: true, tokensInFlight: setUp(state.a).mostRequests });
    const large = setUp(readAddress("#model=llama-3.1-405b&machine=h100-sxm").state.a);
    expect(large).toMatchObject({ gpus: 8, fits: false, mostRequests: 0 });
  });
});

describe("what if", () => {
  it("asks of the changed model and machine", () => {
    const setup = setUp(choice({ granularity: 2, times: { memoryBandwidth: 2, memorySize: 0.5 } }));
    expect(setup.model.routedExperts).toBe(768);
    expect(setup.hardware.memoryBytesPerSecond).toBe(2 * hardware("h100-sxm").memoryBytesPerSecond);
    expect(setup.hardware.memoryBytes).toBe(0.5 * hardware("h100-sxm").memoryBytes);
    expect(setUp(choice({ granularity: 2, times: { memoryBandwidth: 2, memorySize: 0.5 } })).hardware).toBe(setup.hardware);
    expect(setUp(choice({ granularity: 1 })).model).toBe(model("kimi-k2"));
    // The claims know neither.
    expect(scenarioOf(setup)).toMatchObject({ model: "kimi-k2", hardware: "h100-sxm" });
  });

  it("leaves experts as they are where they cannot be split so, and says it", () => {
    const notes = setUp(choice({ model: "mixtral-8x22b", gpus: 8, expertParallel: 8, granularity: 1 / 8 })).notes.join(" ");
    expect(notes).toContain("Experts are left as they are: granularity must leave a whole");
    expect(setUp(choice({ model: "llama-3-70b", granularity: 2 })).model).toBe(model("llama-3-70b"));
  });
});

describe("a choice that does not fit together", () => {
  const notesOf = (part: Partial<Choice>) => setUp(choice(part)).notes.join(" ");

  it("has a format that the machine lacks give way, with the reason", () => {
    const setup = setUp(choice({ machine: "a100-sxm", weightFormat: "fp8_block" }));
    expect(setup.weightFormat).toBe("bfloat16");
    expect(setup.notes[0]).toMatch(/^A100 SXM.* states no FP8 rate, which FP8, scales by block multiplies in: BF16 is used\.$/);
    const options = formatOptions(setup);
    expect(options.find(({ value }) => value === "fp8_block")?.unfit).toContain("states no FP8 rate");
    expect(options.find(({ value }) => value === "bfloat16")?.unfit).toBeUndefined();
  });

  it("has a kernel that was not measured in the format give way, with the reason", () => {
    const setup = setUp(choice({ kernel: "deepepmoe", weightFormat: "bfloat16" }));
    expect(setup.kernel).toBe("moe_torch_flow_cutlass");
    expect(setup.notes).toContain("deepepmoe was measured in FP8, scales by block only: the usual kernel is used.");
    expect(kernelOptions(setup).find(({ value }) => value === "deepepmoe")?.unfit).toContain("only");
  });

  it("takes a kernel's own format where none is asked for", () => {
    expect(setUp(choice({ kernel: "sglang_marlin_moe" })).weightFormat).toBe("int4_wo");
    expect(setUp(choice({ weightFormat: "bfloat16" })).kernel).toBe("moe_torch_flow_cutlass");
    expect(setUp(choice({ weightFormat: "w4a16_mxfp4" })).weightFormat).toBe("w4a16_mxfp4");
  });

  it("cuts degrees to what the model and the link allow, and tokens to whole requests", () => {
    expect(setUp(choice({ expertParallel: 1000 })).expertParallel).toBe(64);
    expect(notesOf({ expertParallel: 1000 })).toContain(
      "Experts of Kimi-K2 cannot be dealt over 1,000 ranks here; expert parallelism 64 is used.",
    );
    expect(setUp(choice({ tensorParallel: 16 })).tensorParallel).toBe(8);
    expect(setUp(choice({ machine: "gaudi-3", expertParallel: 64 })).gpus).toBe(8);
    expect(setUp(choice({ model: "llama-3.1-405b" })).expertParallel).toBe(1);
    expect(setUp(choice({ tokensInFlight: 1000 }))).toMatchObject({ requestsPerGpu: 16, tokensInFlight: 1024 });
    expect(setUp(choice({ tokensInFlight: 1, overlap: "two-micro-batches" })).overlap).toBe("none");
  });

  it("says where a kernel's constants were carried over", () => {
    expect(notesOf({})).not.toContain("its constants are those of");
    expect(notesOf({ machine: "mi300x" })).toContain("its constants are those of");
  });

  it("carries a narrow embedding in a link, and refuses one that cannot be", () => {
    const text = JSON.stringify({
      ...{ model_type: "opt", hidden_size: 1024, word_embed_proj_dim: 512, ffn_dim: 4096, num_hidden_layers: 2 },
      ...{ num_attention_heads: 16, vocab_size: 50272, torch_dtype: "bfloat16" },
    });
    const own = modelFromConfigText(text);
    expect(modelFromLink(modelToLink(own)).embeddingWidth).toBe(512);
    expect(modelFromLink(modelToLink({ ...own, id: "own-00000001", embeddingWidth: 1024 }))).not.toHaveProperty("embeddingWidth");
    expect(() => modelFromLink(modelToLink({ ...own, embeddingWidth: -1 }))).toThrow("expected embeddingWidth");
  });

  it("says why attention takes long where wide groups of heads leave a kernel's fast path, and which heads were not measured", () => {
    expect(notesOf({})).not.toContain("Slow, and measured so");
    const step = decodeStep({ model: model("step-3"), hardware: hardware("h100-sxm"), requests: 8, contextTokens: 8192 });
    expect(answerNotes(step, hardware("h100-sxm")).join(" ")).toMatch(
      /Slow, and measured so: attention: 64 query heads on one KV head: above 32 trtllm_torch_flow takes 8\.8 times/,
    );
    expect(notesOf({ model: "jamba-v0.1" })).toMatch(/outside its rows: recurrence mamba1 \(measured gated-delta\)/);
  });

  it("says when weights and cache are more than a GPU holds, and computes all the same", () => {
    expect(notesOf({})).not.toContain("does not fit");
    expect(notesOf({ gpus: 1, tokensInFlight: 1 })).toMatch(
      /^This does not fit: weights \(1,03\d GB\) and caches \(288 MB\) are 12 times the 85\.9 GB of one GPU\./,
    );
  });

  it("never leaves the page without an answer: every model, and every machine", () => {
    const [all, those] = [models().map(({ id }) => id), machines().map(({ id }) => id)];
    const pairs = [
      ...all.flatMap((id) => ["h100-sxm", "gb200", "gaudi-2"].map((machine) => [id, machine])),
      ...those.flatMap((machine) => ["deepseek-v4-pro", "llama-3-70b", "gpt-oss-120b"].map((id) => [id, machine])),
    ] as [string, string][];
    for (const [id, machine] of pairs) {
      const view = viewOf(setUp(choice({ model: id, machine, tensorParallel: 8 })));
      expect(view.step.seconds, `${id} on ${machine}`).toBeGreaterThan(0);
      for (const { id: name, value } of view.quantities)
        if (value !== undefined) expect(Number.isFinite(value) && value >= 0, `${name}: ${id} on ${machine}`).toBe(true);
    }
  });
});

describe("what is shown of a scenario", () => {
  const setup = setUp(choice({ model: "deepseek-v3", machine: "h200-sxm", gpus: 32, expertParallel: 32, tokensInFlight: 4096 }));
  const view = viewOf(setup);
  const value = (id: string) => view.quantities.find((quantity) => quantity.id === id)?.value;

  it("are the numbers that the cost model gives", () => {
    const step = decodeStep({
      model: model("deepseek-v3"),
      hardware: hardware("h200-sxm"),
      requestsPerGpu: 128,
      contextTokens: 4096,
      expertParallel: 32,
    });
    expect(value("stepSeconds")).toBe(step.seconds);
    expect(value("tokensPerExpert")).toBe(meanTokensPerExpert(4096, model("deepseek-v3")));
    const expert = expertSeconds(
      {
        model: model("deepseek-v3"),
        hardware: hardware("h200-sxm"),
        kernel: "moe_torch_flow_cutlass",
        aloneKernel: "deepepmoe_generation",
        weightFormat: "fp8_block",
      },
      128,
    );
    expect([value("expertFloorSeconds"), value("expertShareSeconds"), value("expertAloneSeconds")]).toEqual([
      expert.floorSeconds,
      expert.shareOfLayerSeconds,
      expert.aloneSeconds,
    ]);
    expect(view.requests.map(({ name, requestsPerSecond }) => [name, requestsPerSecond])).toEqual(
      requestStreams(stepQuestion(setup)).map(({ name, requestsPerSecond }) => [name, requestsPerSecond]),
    );
  });

  it("lists every task of the step, and their times sum to it", () => {
    expect(view.tasks.reduce((sum, task) => sum + task.count, 0)).toBe(view.step.tasks.length);
    expect(view.tasks.reduce((sum, task) => sum + task.seconds, 0)).toBeCloseTo(view.step.seconds, 12);
    expect(view.tasks.find(({ name }) => name === "experts")?.count).toBe(58);
  });

  it("judges each claim as the claims do, with the same draws", () => {
    const judged = claims({ scenario: scenarioOf(setup), draws: 64 });
    for (const id of claimIds()) {
      const row = claimRow(id, scenarioOf(setup), 64);
      const own = judged.find((claim) => claim.id === id);
      const part = own?.parts.find((p) => p.quantity === row.quantity);
      expect([row.median, row.probability, row.verdict, row.because], id).toEqual([
        part?.kind === "definition" && part.unit === "share" ? Number.NaN : part?.value,
        part?.probability ?? Number.NaN,
        own?.verdict,
        own?.headline,
      ]);
    }
  });

  it("gives a share for each reading of a word, and none for the first alone", () => {
    const { median, medianText, because } = claimRow("6a", scenarioOf(setup), 64);
    expect(median).toBeNaN();
    expect(medianText).toMatch(/^\S+ % or \S+ %/);
    for (const share of medianText.match(/\d[\d.]* %/g) ?? []) expect(because).toContain(share);
  });

  it("says of a dense model which claims do not apply, and why", () => {
    const dense = scenarioOf(setUp(choice({ model: "llama-3.1-405b" })));
    expect(claimRow("0a", dense, 8)).toMatchObject({ verdict: "does not apply", because: expect.stringContaining("has none") });
    expect(claimRow("6c", dense, 8).verdict).not.toBe("does not apply");
  });

  it("draws the figures of both scenarios, and says why one cannot be drawn", () => {
    const dense = viewOf(setUp(choice({ model: "llama-3.1-405b" })));
    const figure = (name: Parameters<typeof pictureOf>[0], views = [view, dense]) => pictureOf(name, views);
    const names = (picture: ReturnType<typeof pictureOf>) =>
      "figure" in picture ? picture.figure.data.flatMap(({ name }) => (name === undefined ? [] : [name])) : [];
    expect(names(figure("access"))).toEqual(["A: DeepSeek-V3 on H200 SXM", "B: Llama-3.1-405B on H100 SXM"]);
    expect(names(figure("access", [view, view]))).toEqual(["A and B: DeepSeek-V3 on H200 SXM"]);
    expect(names(figure("tokens")).slice(0, 4)).toEqual(["Mixtral-8x22B", "Llama-4-Maverick", "A: DeepSeek-V3", "B: Llama-3.1-405B"]);
    expect(figure("task", [dense])).toEqual({ reason: "Llama-3.1-405B has no routed experts, so there is no task of one expert to time." });
    expect(figure("requests", [viewOf(setUp(choice({ machine: "gaudi-3" })))])).toMatchObject({
      reason: expect.stringContaining("a network"),
    });
    // Both scenarios' streams stand in the figure of requests: as many marks of each as its table has rows.
    const beside = figure("requests");
    const marks = "figure" in beside ? beside.figure.data.filter((t) => /^[AB]: (memory|scale-up link|network)$/.test(String(t.name))) : [];
    const count = (letter: string) =>
      marks
        .filter((t) => String(t.name).startsWith(letter) && t.mode === "markers")
        .reduce((all, t) => all + (t.x as unknown[]).filter((x) => x !== null).length, 0);
    expect([count("A"), count("B")]).toEqual([view.requests.length, dense.requests.length]);
    expect("figure" in beside && beside.figure.caption).toMatch(/A: the most frequent, .* B: the most frequent, /);
    // Alike they are drawn once; where one machine has no network, the other is drawn and the caption says why.
    expect(names(figure("requests", [view, view]))[0]).toBe("A and B: DeepSeek-V3 on H200 SXM");
    const noNetwork = figure("requests", [viewOf(setUp(choice({ machine: "gaudi-3" }))), view]);
    expect("figure" in noNetwork && noNetwork.figure.caption).toMatch(/^No rate of a network is known of Gaudi 3.*B: the most frequent/);
  });

  it("writes a difference as a factor, and between shares in points", () => {
    expect(writeDifference(2e-3, 3e-3, "seconds")).toBe("× 1.5");
    expect(writeDifference(0.4, 0.35, "share")).toBe("−5 points");
    expect(writeDifference(1, 1, "count")).toBe("same");
    expect(writeDifference(1, undefined, "count")).toBe("–");
  });

  it("saves all numbers as CSV that reads back, and no cell that a spreadsheet would compute", () => {
    const rows = claimIds().map((id) => claimRow(id, scenarioOf(setup), 8));
    const hostile = { ...view, setup: { ...setup, model: { ...setup.model, name: '=HYPERLINK("x"),\n"y"' } } };
    const read = parse(csvOf([hostile, view], [rows, rows]), { columns: true }) as Record<string, string>[];
    const cell = (scenario: string, part: string, name: string, quantity: string) =>
      read.find((r) => r.scenario === scenario && r.part === part && r.name === name && r.quantity === quantity)?.value;
    expect(cell("A", "scenario", "", "model")).toBe(` =HYPERLINK("x"), "y"`);
    expect(Number(cell("B", "numbers", "", "stepSeconds"))).toBe(view.step.seconds);
    expect(Number(cell("B", "task", "experts", "seconds"))).toBe(view.tasks.find(({ name }) => name === "experts")?.seconds);
    expect(Number(cell("B", "claim", "0a", "median"))).toBe(rows[0]?.median);
  });
});

it("takes every configuration that the model does, and refuses the others in its words", () => {
  const folder = join(root, "data", "configs");
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const refused = files.filter((file) => {
    const text = readFileSync(join(folder, file), "utf8");
    try {
      modelFromConfigText(text);
    } catch (error) {
      expect(() => modelFromFile(text, file), file).toThrow((error as Error).message);
      return true;
    }
    expect(viewOf(setUp(choice({ model: modelFromFile(text, file).id }))).step.seconds, file).toBeGreaterThan(0);
    return false;
  });
  expect(files.length - refused.length).toBeGreaterThan(50);
});

describe("the notebook cell", () => {
  const load = createRequire(import.meta.url);

  /** Compile as the kernel does, and run with what notebooks import; what is shown is kept. */
  function runCell(code: string): Record<string, unknown>[][] {
    const ts = load("@tslab/typescript-for-tslab") as typeof import("typescript");
    const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
    const { outputText, diagnostics = [] } = ts.transpileModule(code, { compilerOptions: options, reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
    const tables: Record<string, unknown>[][] = [];
    const shown = { showTable: (rows: Record<string, unknown>[]) => tables.push(rows), showFigure: () => undefined };
    const required = (name: string) => (name === "deepshock/notebook" ? shown : load(name));
    new Function("require", "exports", outputText)(required, {});
    return tables;
  }

  it.each(hostileNames.map((name) => [JSON.stringify(name).slice(0, 40), name] as const))(
    "holds %s as a text alone, also where the entrance let it in",
    (_, name) => {
      const own = { ...model("llama-3.1-405b"), id: `own-${name}`, aliases: [], name, organization: name, weightDtype: "bfloat16" };
      const code = cellOf([setUp(choice({ model: addModel(own).id }))], firstFind);
      const ts = load("@tslab/typescript-for-tslab") as typeof import("typescript");
      const file = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.ES2022);
      const texts: string[] = [];
      const walk = (node: import("typescript").Node): void => {
        if (ts.isIdentifier(node)) texts.push(node.text);
        ts.forEachChild(node, walk);
      };
      walk(file);
      expect(texts).not.toContain("owned");
      expect(texts).not.toContain("require");
      const comments = code.split(/\r\n|[\n\r\u2028\u2029]/).filter((line) => /^\s*\/\//.test(line));
      expect(comments).toEqual(["  // The claims ask for routed experts, of which this model has none."]);
    },
  );

  const states: readonly (readonly [string, readonly Partial<Choice>[]])[] = [
    ["the first scenario", [{}]],
    ["two compared", [{}, { model: "deepseek-v3", machine: "b200-sxm", tensorParallel: 2, gpus: 64, overlap: "two-micro-batches" }]],
    [
      "tensor parallelism only",
      [{ model: "deepseek-v3", machine: "h200-sxm", gpus: 8, tensorParallel: 8, expertParallel: 1, tokensInFlight: 64 }],
    ],
    [
      "experts dealt inside a group",
      [{ model: "deepseek-v3", machine: "h200-sxm", gpus: 8, tensorParallel: 8, expertParallel: 8, tokensInFlight: 64 }],
    ],
    ["a dense model", [{ model: "llama-3-70b", gpus: 8, tensorParallel: 8, tokensInFlight: 32 }]],
    ["a dense one beside one with experts", [{ model: "llama-3-70b", gpus: 8, tensorParallel: 8, tokensInFlight: 32 }, {}]],
    ["a model and a machine that do not exist", [{ granularity: 2, times: { networkBandwidth: 2, arithmetic: 0.5 } }]],
    ["drafts and a cache in FP8", [{ draftTokens: 2, cacheFormat: "fp8", engine: "sglang" }]],
    ["a kernel and a format of its own", [{ kernel: "sglang_marlin_moe", weightFormat: "int4_wo" }]],
    ["one that does not fit", [{ gpus: 1, tokensInFlight: 1 }]],
  ];

  it.each(states)(
    "computes what the page shows: %s",
    (_, parts) => {
      const setups = parts.map((part) => setUp(choice(part)));
      const [steps = [], judged = []] = runCell(cellOf(setups, firstFind));
      for (const [i, setup] of setups.entries()) {
        const { step } = viewOf(setup);
        expect(steps[i]).toMatchObject({
          milliseconds: step.seconds * 1e3,
          tokens: step.tokensPerSecondPerGpu,
          user: step.tokensPerSecondPerRequest,
        });
        expect([steps[i]?.low, steps[i]?.high]).toEqual([step.errorBand.low * 1e3, step.errorBand.high * 1e3]);
        expect(steps[i]?.first).toBe(answerOf(setup, firstFind).firstTokenSeconds);
        expect(steps[i]?.memory).toBe(setup.fits ? "fits" : "does not fit");
        if (judged.length === 0) continue;
        for (const id of ["0a", "0b", "6c"]) {
          const row = judged.find((r) => r.scenario === ["A", "B"][i] && r.claim === id);
          const shown = claimRow(id, scenarioOf(setup), 4096);
          expect([row?.verdict, row?.headline, row?.value]).toEqual([shown.verdict, shown.because, shown.median]);
        }
      }
    },
    120_000,
  );

  it("brings a model of the reader's own along, whatever its name holds", () => {
    const own = modelFromFile(JSON.stringify(config), `\`$\{process.exit(1)}\`"); </script>\u2028.json`);
    const [steps = []] = runCell(cellOf([setUp(choice({ model: own.id }))], firstFind));
    expect(steps[0]?.milliseconds).toBe(viewOf(setUp(choice({ model: own.id }))).step.seconds * 1e3);
  });
});
