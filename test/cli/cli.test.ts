import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { answer } from "../../src/cli/cli-answer";
import { decodeStep, hardware, machines, memoryFootprint, model, models } from "../../src/index";

const folder = mkdtempSync(join(tmpdir(), "deepshock command é "));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const where = ["--model", "deepseek-v3", "--machine", "h800-sxm", "--expert-parallel", "128"];
const read = (...args: string[]) => JSON.parse(answer([...args, "--json"]).out);

describe("deepshock step", () => {
  const question = {
    model: model("deepseek-v3"),
    hardware: hardware("h800-sxm"),
    requestsPerGpu: 64,
    contextTokens: 4096,
    expertParallel: 128,
  };

  it("gives programs what decodeStep gives, with what was asked", () => {
    const said = read("step", ...where, "--requests", "64");
    expect(said).toMatchObject({ model: "deepseek-v3", machine: "h800-sxm", requestsPerGpu: 64, contextTokens: 4096 });
    expect(said.seconds).toBe(decodeStep(question).seconds);
  });

  it("gives readers a table whose rows come to the step", () => {
    const { out, code } = answer(["step", ...where, "--requests", "64"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^DeepSeek-V3 on H800 SXM: [\d.]+ ms per step, [\d,]+ tokens per second and GPU\n\nTask +Times +Each/);
    expect(out.split("\n").length).toBeLessThan(30);
  });

  it("takes a config.json, and the folder of one, under a name made harmless", () => {
    const config = { model_type: "qwen3_moe", architectures: ["Qwen3MoeForCausalLM"], hidden_size: 1024, num_hidden_layers: 4 };
    const heads = { num_attention_heads: 16, num_key_value_heads: 4, head_dim: 64, vocab_size: 1000, intermediate_size: 512 };
    const experts = { num_experts: 32, num_experts_per_tok: 4, moe_intermediate_size: 512, torch_dtype: "bfloat16" };
    const place = join(folder, "a<b> model");
    mkdirSync(place);
    writeFileSync(join(place, "config.json"), JSON.stringify({ ...config, ...heads, ...experts }));
    const { out, error } = answer(["step", "--model", place, "--machine", "h100-sxm"]);
    expect([error, out.split(" on ")[0]]).toEqual(["", "a b model"]);
  });
});

it("deepshock footprint is memoryFootprint beside what the machine has", () => {
  const said = read("footprint", ...where, "--format", "fp8_block");
  const asked = { model: model("deepseek-v3"), weightFormat: "fp8_block", requestsPerGpu: 128, contextTokens: 4096, expertParallel: 128 };
  expect(said).toMatchObject({ ...memoryFootprint(asked), capacityBytes: hardware("h800-sxm").memoryBytes });
});

it("deepshock claims judges them all, for a model and a machine of one's own too", () => {
  const all = read("claims", "--draws", "16") as { id: string; verdict: string }[];
  expect(all.length).toBeGreaterThan(10);
  const own = answer(["claims", "--draws", "16", "--model", "mixtral-8x7b", "--machine", "a100-sxm"]);
  expect([own.code, own.error]).toEqual([0, ""]);
});

it("deepshock models and machines list what the options know", () => {
  expect(read("models")).toHaveLength(models().length);
  expect(answer(["machines"]).out).toContain(machines()[0]?.id ?? "");
});

it("deepshock search lists the deployments that none beats in both rates", () => {
  const { code, out } = answer(["search", ...where, "--gpus", "8"]);
  expect(code).toBe(0);
  expect(out).toMatch(/deployments that none of \d+ beats in both rates/);
});

it("deepshock search --json names model and machine once, and gives each deployment as numbers", () => {
  const found = read("search", ...where, "--gpus", "16") as unknown as Record<string, readonly Record<string, unknown>[]>;
  const { front = [], deployments = [] } = found;
  expect(found).toMatchObject({ model: where[1], machine: where[3], gpus: 16, inputTokens: 4096, outputTokens: 1024 });
  expect(deployments.length).toBeGreaterThan(front.length);
  for (const one of front) {
    expect(one).toMatchObject({ firstTokenSeconds: expect.any(Number), errorBand: { low: expect.any(Number) } });
    expect(deployments.find((other) => Object.keys(other).every((name) => other[name] === one[name]))).toBeDefined();
  }
  // What takes another step to know, and records that all have in common, would make it ten times as long.
  expect(JSON.stringify(deployments).length).toBeLessThan(500 * deployments.length);
  for (const value of Object.values(deployments[0] ?? {})) expect(typeof value).not.toBe("object");
});

describe("a command line that cannot be", () => {
  it.each([
    [[], 2, /^a command is missing\n\nUsage:/],
    [["fly"], 2, /^unknown command "fly"/],
    [["toString"], 2, /^unknown command "toString"/],
    [["step", "claims"], 2, /^expected one command, got step and claims/],
    [["step", "--machine", "h100-sxm"], 2, /^--model is missing/],
    [["step", "--tokens", "1"], 2, /--tokens/],
    [["step", ...where, "--requests", "0"], 2, /^--requests: expected a whole number from 1, got "0"/],
    [["step", ...where, "--overlap", "all"], 2, /^--overlap: expected none or two-micro-batches/],
    [["step", "--model", "deepsek-v3", "--machine", "h100-sxm"], 1, /^unknown model "deepsek-v3"; nearest: deepseek-v3/],
    [["step", "--model", "deepseek", "--machine", "h100-sxm"], 1, /^unknown model "deepseek"; nearest: deepseek-r1, deepseek-v2, /],
    [["step", "--model", "deepseek-v3", "--machine", "h100"], 1, /^unknown hardware "h100"; nearest: h100-sxm\n$/],
  ] as const)("%j ends with %i and says why", (args, code, words) => {
    expect(answer(args)).toMatchObject({ code, out: "", error: expect.stringMatching(words) });
  });

  it("is none when help is asked for", () => {
    expect(answer(["--help"])).toMatchObject({ code: 0, error: "" });
  });
});
