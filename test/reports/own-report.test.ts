import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { ownNotebook } from "../../notebooks/jupyter/own-notebooks.mjs";
import { root } from "../../notebooks/jupyter/project.mjs";
import { optionsOf, ownReport } from "../../notebooks/jupyter/report.mjs";
import { degreeUpTo, scenarioOf } from "../../notebooks/jupyter/scenario.mjs";
import { SetupError } from "../../notebooks/jupyter/setup.mjs";
import type * as deepshock from "../../src/index";
import { hostileNames } from "../hostile-names";
import { books } from "../reports";
import { type Notebook, oddities, readNotebook, runCells, sourceOf } from "../run-cells";

const library = createRequire(join(root, "package.json"))("deepshock") as typeof deepshock;
const scratch = (name: string): string => {
  const folder = join(process.env.DEEPSHOCK_TEST_FOLDER as string, name);
  mkdirSync(folder, { recursive: true });
  return folder;
};
const scenario = (...args: string[]) => scenarioOf(optionsOf(args), library);
const config = {
  model_type: "qwen3_moe",
  _name_or_path: "/home/someone/secret",
  hidden_size: 1024,
  num_hidden_layers: 12,
  num_attention_heads: 16,
  num_key_value_heads: 4,
  head_dim: 64,
  intermediate_size: 4096,
  moe_intermediate_size: 512,
  num_experts: 32,
  num_experts_per_tok: 4,
  decoder_sparse_step: 1,
  mlp_only_layers: [],
  vocab_size: 32000,
  tie_word_embeddings: false,
  torch_dtype: "bfloat16",
};
const configFile = (name: string, content: unknown): string => {
  const path = join(scratch(`configs/${name}`), "config.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

describe("what is asked for is checked before anything runs", () => {
  const both = ["--model", "deepseek-v3", "--machine", "h100-sxm"];
  it.each([
    ["a model without a machine", ["--model", "deepseek-v3"], /--machine is missing/],
    ["a machine without a model", ["--tokens", "6144"], /--model is missing/],
    ["an unknown model, with the nearest names", ["--model", "deepsek-v3", "--machine", "h100-sxm"], /unknown model.*nearest: deepseek-v3/],
    ["an unknown machine", ["--model", "deepseek-v3", "--machine", "h100"], /--machine h100: unknown hardware.*h100-sxm/],
    ["a model without experts", ["--model", "llama-3-70b", "--machine", "h100-sxm"], /Llama-3-70B has none/],
    ["a machine whose network is not known", ["--model", "deepseek-v3", "--machine", "gaudi-3"], /no networkBytesPerSecond of Gaudi 3/],
    [
      "a format the machine has no arithmetic for",
      [...both, "--format", "nvfp4"],
      /no fp4 arithmetic; formats that run there: bfloat16, fp8/,
    ],
    ["an unknown format", [...both, "--format", "fp7"], /--format: weightFormat must be one of bfloat16/],
    ["half a token", [...both, "--tokens", "0.5"], /--tokens: expected a whole number from 1 to 1048576, got "0.5"/],
    ["no token", [...both, "--tokens", "0"], /got "0"/],
    ["too many requests", [...both, "--requests", "1e9"], /--requests: expected a whole number/],
    ["words for a context", [...both, "--context", "long"], /--context: .*got "long"/],
    ["GPUs that do not divide the experts", [...both, "--expert-parallel", "24"], /divisor of the 256 experts.*got 24, nearest: 16, 32/],
    ["more GPUs than experts", [...both, "--expert-parallel", "512"], /got 512, nearest: 256$/],
    ["an unknown option", ["--modle", "deepseek-v3"], /Unknown option '--modle'[\s\S]*Usage: npm run report/],
    ["a value that is missing", ["--model", "--machine", "h100-sxm"], /Usage: npm run report/],
    ["a config.json that is not there", ["--model", "nowhere/config.json", "--machine", "h100-sxm"], /found no file/],
  ])("%s", (_, args, message) => {
    expect(() => scenario(...args)).toThrow(message);
  });

  it.each([
    ["is no JSON", '{ "hidden_size": 1024, }', /config.json:1:/],
    ["lacks a field", { ...config, hidden_size: undefined }, /hidden_size/],
    ["has a field of another kind", { ...config, num_experts: "many" }, /num_experts.*many/],
  ])("a config.json that %s, by the field", (name, content, message) => {
    const path = configFile(name, content);
    expect(() => scenario("--model", path, "--machine", "h100-sxm")).toThrow(message);
  });
});

describe("a scenario", () => {
  it("keeps the format of the release where the machine has it, and takes BF16 where it does not", () => {
    expect(scenario("--model", "deepseek-v3", "--machine", "h100-sxm").format).toBe("fp8_block");
    expect(scenario("--model", "deepseek-v3", "--machine", "a100-sxm").format).toBe("bfloat16");
    expect(scenario("--model", "gpt-oss-120b", "--machine", "b200-sxm").format).toBe("w4a8_mxfp4_mxfp8");
  });

  it("names the folder after model and machine, an alias by its model", () => {
    expect(scenario("--model", "deepseek-v3.2", "--machine", "gb200").folder).toBe("deepseek-v3.2-exp-on-gb200");
  });

  it("makes a model of a config.json, named after its folder", () => {
    const { model, folder } = scenario("--model", configFile("My Model_1", config), "--machine", "h100-sxm");
    expect([model.routedExperts, model.expertsPerToken, model.moeIntermediateSize]).toEqual([32, 4, 512]);
    expect(folder).toMatch(/^own-my-model-1-[0-9a-f]{6}-on-h100-sxm$/);
  });

  it("keeps names in every script, and two configurations of one name apart", () => {
    const folderOf = (name: string, content: object) => scenario("--model", configFile(name, content), "--machine", "h100-sxm").folder;
    expect(folderOf("模型甲", config)).toMatch(/^own-模型甲-[0-9a-f]{6}-on-h100-sxm$/);
    expect(folderOf("my model", config)).not.toBe(folderOf("My_Model", { ...config, hidden_size: 2048 }));
    expect(Buffer.byteLength(folderOf("n".repeat(200), config))).toBeLessThan(100);
    // The mark of the content stays, however long the name is.
    expect(folderOf("n".repeat(200), config)).not.toBe(folderOf("n".repeat(201), { ...config, hidden_size: 2048 }));
  });

  it("takes the config.json of a folder, as a download gives it", () => {
    const { model } = scenario("--model", dirname(configFile("a download", config)), "--machine", "h100-sxm");
    expect(model.routedExperts).toBe(32);
  });

  it("refuses more experts than can be drawn one by one, and tells a number too large as what it is", () => {
    const ask = (name: string, content: unknown) => () => scenario("--model", configFile(name, content), "--machine", "h100-sxm");
    expect(ask("many", { ...config, num_experts: 1_000_000 })).toThrow(/at most 4,096 routed experts.*got 1,000,000/);
    expect(ask("huge", JSON.stringify(config).replace('"hidden_size":1024', `"hidden_size":${"9".repeat(400)}`))).toThrow(/got Infinity/);
  });

  it("tells of a configuration that nests too deep", () => {
    const deep = `${JSON.stringify(config).slice(0, -1)},"deep":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
    let said = "";
    try {
      scenario("--model", configFile("deep", deep), "--machine", "h100-sxm");
    } catch (error) {
      said = (error as Error).message;
    }
    expect(said).not.toContain("call stack");
  });

  it("deals experts over the most GPUs that divide them", () => {
    expect([degreeUpTo(160, 128), degreeUpTo(8, 128), degreeUpTo(384, 128), degreeUpTo(60, 32)]).toEqual([80, 8, 128, 30]);
  });
});

describe("a notebook for a scenario", () => {
  const own = (number: string, ...args: string[]): Notebook => {
    const { name, path } = books.find((book) => book.name.startsWith(number)) as (typeof books)[number];
    return ownNotebook(name, readNotebook(path), scenario(...args), library);
  };
  const parameters = (notebook: Notebook) => sourceOf(notebook.cells.find((c) => c.metadata.tags?.includes("parameters")) as never);

  it("has the values asked for, each of its kind, and all others as committed", () => {
    const asked = ["--model", "qwen3-235b-a22b", "--machine", "h200-sxm", "--tokens", "2048", "--context", "8192", "--requests", "32"];
    expect(parameters(own("02", ...asked, "--format", "fp8"))).toBe(
      [
        'const modelId = "qwen3-235b-a22b";',
        'const coarseId = "mixtral-8x22b";',
        'const denseId = "llama-3.1-405b";',
        'const machineId = "h200-sxm";',
        'const newerMachineId = "b200-sxm";',
        'const weightFormatName = "fp8";',
        "const tokensInFlight = 2048;",
        "const requestsPerGpu = 32;",
        "const contextTokens = 8192;",
        "const expertParallel = 64;",
      ].join("\n"),
    );
  });

  it("takes the requests of a GPU for the tokens it brings to a step, but not for a column of a published table", () => {
    const asked = ["--model", "qwen3-235b-a22b", "--machine", "h200-sxm", "--requests", "32"];
    expect(parameters(own("08", ...asked))).toContain("const tokensPerGpu = 32;");
    expect(parameters(own("09", ...asked))).toContain("const tokensPerGpu = 128;");
  });

  it.each([
    ["is missing", undefined, /^07-mine: expected the second cell to be tagged parameters$/],
    ["has no tag", { metadata: {}, source: "const n = 1;" }, /tagged parameters$/],
    [
      "holds more than parameters",
      { metadata: { tags: ["parameters"] }, source: "const n = 1;\nf(n);" },
      /in the second cell.*got "f\(n\);"$/,
    ],
    ["holds a value that is no JSON", { metadata: { tags: ["parameters"] }, source: "const n = 2 ** 10;" }, /got "const n = 2 \*\* 10;"$/],
  ])("is refused for people when its second cell %s", (_, cell, message) => {
    const asked = scenario("--model", "deepseek-v3", "--machine", "h100-sxm");
    const failing = () => ownNotebook("07-mine", { cells: [{}, ...(cell === undefined ? [] : [cell])] }, asked, library);
    expect(failing).toThrow(SetupError);
    expect(failing).toThrow(message);
  });

  it("compares with another model or machine than its own", () => {
    expect(parameters(own("02", "--model", "mixtral-8x22b", "--machine", "b200-sxm"))).toMatch(/coarseId = "grok-1"[\s\S]*"b300-sxm"/);
    expect(parameters(own("10", "--model", "deepseek-v3", "--machine", "gb200"))).toContain('machineIds = ["gb200", "h800-sxm"]');
  });

  it("says on top for what it ran and for what its words were written", () => {
    const [, note] = own("03", "--model", "qwen3-235b-a22b", "--machine", "h200-sxm").cells;
    expect(sourceOf(note as never)).toMatch(
      /Executed for Qwen3-235B-A22B on H200 SXM\*\* \(weights in BF16, .* written for DeepSeek-V3 on H100 SXM/,
    );
  });

  it("shows how a model of a config.json was made, without the path it came from", () => {
    const cells = own("01", "--model", configFile("shown", config), "--machine", "h100-sxm").cells;
    const made = sourceOf(cells[3] as never);
    expect(made).toMatch(/addModel\(modelFromConfig\(\{[\s\S]*"num_experts": 32[\s\S]*\{"id":"own-shown-[0-9a-f]{6}"/);
    expect(JSON.stringify(cells)).not.toContain("secret");
    const inside = { ...config, vision_config: { _name_or_path: "/home/someone/secret" }, note: "a\u2028b" };
    const nested = sourceOf(own("01", "--model", configFile("nested", inside), "--machine", "h100-sxm").cells[3] as never);
    expect(nested).not.toMatch(/secret|\u2028/);
    expect(nested).toContain("a\\u2028b");
    // A page shows the cell of parameters alone unfolded.
    expect(cells[3]?.metadata.tags).toBeUndefined();
  });

  it.each(hostileNames.map((name) => [JSON.stringify(name).slice(0, 60), name] as const))(
    "holds the name %s as a text and no more, in its cells, its note and its folder",
    (_, name) => {
      // What a file system takes of it.
      const file = name.replace(/[/\0]/g, "").slice(0, 60) || "none";
      const path = join(scratch("hostile configs"), `${file}.json`);
      writeFileSync(
        path,
        JSON.stringify({
          ...config,
          hidden_act: "silu",
          model_type: name,
          architectures: [`${name}ForCausalLM`],
          note: name,
          [name]: name,
        }),
      );
      const { folder } = scenario("--model", path, "--machine", "h100-sxm");
      expect(folder).toMatch(/^own-[\p{L}\p{M}\p{N}.-]+-[0-9a-f]{6}-on-h100-sxm$/u);
      const [, note, parameters, made] = own("01", "--model", path, "--machine", "h100-sxm").cells;
      expect(sourceOf(note as never)).not.toMatch(/[<`\p{Zl}\p{Zp}]|javascript:/u);
      for (const code of [parameters, made].map((cell) => sourceOf(cell as never))) {
        const words: string[] = [];
        const walk = (node: ts.Node): void => {
          if (ts.isIdentifier(node)) words.push(node.text);
          ts.forEachChild(node, walk);
        };
        const parsed = ts.createSourceFile("cell.ts", code, ts.ScriptTarget.ES2022);
        walk(parsed);
        expect((parsed as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics).toEqual([]);
        expect(words.filter((word) => /owned|require|fs|HYPERLINK|SUM/.test(word))).toEqual([]);
        expect(code).not.toMatch(/[\p{Zl}\p{Zp}]|<\/|^\s*\/\//mu);
      }
    },
  );

  it.each([
    ["--model", "qwen3-235b-a22b", "--machine", "h100-sxm"],
    ["--model", "mixtral-8x7b", "--machine", "a100-sxm", "--tokens", "1", "--requests", "1", "--context", "1"],
    ["--model", "gpt-oss-120b", "--machine", "tpu-v7", "--context", "131072", "--requests", "600", "--expert-parallel", "16"],
    ["--model", configFile("own", config), "--machine", "b200-sxm", "--format", "nvfp4"],
  ])(
    "runs to its end and shows no broken number: %s %s %s %s %s %s",
    (...args) => {
      const asked = scenario(...args);
      for (const { name, path } of books) {
        const notebook = ownNotebook(name, readNotebook(path), asked, library);
        let shown: ReturnType<typeof runCells> = [];
        expect(() => {
          shown = runCells(notebook);
        }, name).not.toThrow();
        expect(oddities(shown), name).toEqual([]);
      }
    },
    240_000,
  );
});

describe("npm run report for a model and a machine", () => {
  const answer =
    'showText(["**In short.** One expert of", ds.model(modelId).name, "sees", ds.meanTokensPerExpert(tokensInFlight, ds.model(modelId)), "tokens."].join(" "));';
  const write = (folder: string, name: string, ...sources: string[]): string => {
    const code = (source: string, i: number) => ({
      cell_type: "code",
      id: `c${i}`,
      source,
      metadata: i === 0 ? { tags: ["parameters"] } : {},
      outputs: [],
      execution_count: null,
    });
    const title = { cell_type: "markdown", id: "title", metadata: {}, source: `# Small ${name}\n\nA question.` };
    const path = join(folder, `${name}.ipynb`);
    writeFileSync(path, JSON.stringify({ cells: [title, ...sources.map(code)], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    return path;
  };
  const parameters = 'const modelId = "kimi-k2";\nconst machineId = "h100-sxm";\nconst tokensInFlight = 6144;';
  const imports = 'import * as ds from "deepshock";\nimport { showText } from "deepshock/notebook";';

  it("writes the site for it beside the others, once for two who ask at once, and leaves the notebooks and an earlier report as they are", async () => {
    const folder = scratch("own reports");
    const source = scratch("own notebooks");
    const one = write(source, "01-one", parameters, imports, answer);
    write(source, "02-two", 'const modelId = "kimi-k2";', imports, "showText(ds.model(modelId).name);");
    const committed = readFileSync(one, "utf8");
    const values = optionsOf(["--model", configFile("reported", config), "--machine", "h200-sxm", "--tokens", "1024"]);
    const said: string[] = [];
    const run = () => ownReport(values, { folder, source, say: (line: string) => said.push(line) });
    const [where] = await Promise.all([run(), run()]);
    expect(basename(where as string)).toMatch(/^own-reported-[0-9a-f]{6}-on-h200-sxm$/);
    // 1,024 tokens, 4 of 32 experts each: 128.
    const page = () => readFileSync(join(where as string, "01-one.html"), "utf8");
    expect(page()).toContain("One expert of own-reported sees 128 tokens.");
    expect(page()).toContain("Executed for own-reported on H200 SXM");
    expect(readFileSync(join(where as string, "index.html"), "utf8")).toContain("Executed for own-reported on H200 SXM");
    expect(said.filter((line) => line.startsWith("01-one: executed")).length).toBe(1);
    expect(readFileSync(one, "utf8")).toBe(committed);

    const before = page();
    write(source, "01-one", parameters, imports, answer.replace("In short.", "In brief."));
    write(source, "02-two", 'const modelId = "kimi-k2";', imports, 'throw new Error("no luck");');
    const failure = await run().catch((error: Error) => error.message);
    // Title, note, parameters, the model's own cell, imports: the sixth fails.
    expect(failure).toMatch(/^02-two, cell 6 failed.[\s\S]*no luck[\s\S]*No page for own-reported on H200 SXM was written/);
    expect(page()).toBe(before);
    write(source, "02-two", 'const modelId = "kimi-k2";', imports, 'showText("$\\\\frac{1$");');
    await expect(run()).rejects.toThrow(/02-two, cell 6: cannot draw/);
    expect(page()).toBe(before);
  }, 400_000);
});
