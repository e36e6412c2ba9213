import { describe, expect, it } from "vitest";
import { questionOf } from "../../src/claims/claim-steps";
import { scenarioAt } from "../../src/claims/claims";
import { newestDay } from "../../src/claims/known-by";
import { servedAs } from "../../src/claims/served-as";
import { servedWords } from "../../src/claims/served-words";
import { denseQuestion } from "../../src/claims/set-up-worth";
import { type AskedSetUp, serving, setUpsOf } from "../../src/claims/set-ups";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";

const knownBy = newestDay();
const context = { knownBy, asked: {}, scenario: scenarioAt(knownBy), draws: 16, seed: 1 };
const fp4 = "fp4 (NVFP4 or MXFP4 checkpoint)";
const format = (words: string, id: string, machine: string) => servedAs({ weightFormat: words }, model(id), hardware(machine)).weightFormat;
const engine = (words: string) => servedAs({ engine: words }, model("deepseek-r1"), hardware("b200-sxm")).engine;

describe("how a set-up is served", () => {
  it("in four bits is the release's format where it has four, else that of the maker's checkpoints, as far as the machine multiplies it", () => {
    expect(format(fp4, "deepseek-r1", "b200-sxm")).toBe("nvfp4");
    expect(format(fp4, "deepseek-r1", "mi355x")).toBe("w4a8_mxfp4_mxfp8");
    expect(format(fp4, "gpt-oss-120b", "b200-sxm")).toBe("w4a8_mxfp4_mxfp8");
    expect(format(fp4, "gpt-oss-120b", "h200-sxm")).toBe("w4a16_mxfp4");
    expect(format("fp4 experts, fp8", "deepseek-v4-pro", "gb200")).toBe("w4a8_mxfp4_mxfp8");
    expect(format("nvfp4", "inkling", "h200-sxm")).toBe("w4a16_mxfp4");
  });

  it("in eight bits is the release's, by block where the release says FP8, else with one scale per matrix", () => {
    expect(format("fp8", "deepseek-r1", "h200-sxm")).toBe("fp8_block");
    expect(format("fp8", "mistral-large-3", "h200-sxm")).toBe("fp8");
    expect(format("fp8", "qwen3-235b-a22b", "h100-sxm")).toBe("fp8_block");
    expect(format("fp8", "mixtral-8x7b", "mi300x")).toBe("fp8");
    expect(format("fp8", "mixtral-8x7b", "a100-sxm")).toBe("bfloat16");
  });

  it("is the default where the words tell no format that is known", () => {
    expect(format("int4 weights", "ernie-4.5-300b-a47b", "h800-sxm")).toBe("int4_wo");
    expect(format("w4a8 fp8", "deepseek-r1", "h20")).toBeUndefined();
  });

  it("is the one engine that the words name, whatever orchestrates it", () => {
    expect(["dynamo-vllm", "vLLM (llm-d)", "dynamo-sglang", "SGLang 0.5.2", "trt", "TensorRT-LLM (Dynamo)"].map(engine)).toEqual([
      ...["vllm", "vllm", "sglang", "sglang", "tensorrt-llm", "tensorrt-llm"],
    ]);
    expect(["vLLM/SGLang (Dynamo)", "atom", "DeepSeek", ""].map(engine)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("reaches the step of every published set-up that has an answer", () => {
    const asked = setUpsOf(context, serving).flatMap((s) => questionOf(s) ?? []);
    expect(asked.length).toBeGreaterThan(150);
    // By weight half of them are in four bits, and over half in SGLang or vLLM.
    expect(asked.filter(({ weightFormat }) => /fp4/.test(weightFormat ?? "")).length).toBeGreaterThan(asked.length / 3);
    expect(asked.filter((q) => q.engine === "vllm" || q.engine === "sglang").length).toBeGreaterThan(asked.length / 2);
    const setUp = setUpsOf(context, serving).find((s) => s.weightFormat === fp4 && s.engine === "dynamo-sglang") as AskedSetUp;
    const step = decodeStep(questionOf(setUp) as Parameters<typeof decodeStep>[0]);
    expect(step).toMatchObject({ engine: "sglang", weightFormat: "nvfp4" });
    // The dense model in its place has its engine, and eight bits or its width.
    expect(denseQuestion(setUp)).toMatchObject({ engine: "sglang", weightFormat: "fp8_block" });
    expect(denseQuestion(setUp, "as served")).toMatchObject({ engine: "sglang", weightFormat: "nvfp4" });
  });

  it("keeps no words on weights for a model, nor on the engine for a machine, that the reader puts in their place", () => {
    const put = (asked: (typeof context)["asked"]) => setUpsOf({ ...context, asked }, serving);
    expect(put({ model: "mixtral-8x22b" }).every((s) => s.weightFormat === undefined)).toBe(true);
    expect(put({ hardware: "h20" }).every((s) => s.engine === undefined)).toBe(true);
    expect(put({ weightFormat: "fp8_block" }).every((s) => s.weightFormat === "fp8_block")).toBe(true);
    expect(put({ hardware: "h20" }).some((s) => s.weightFormat === fp4)).toBe(true);
  });

  it("counts what could not be read, with its words", () => {
    const { setUps, engine: engines, weightFormat } = servedWords();
    expect(setUps).toBe(setUpsOf(context, serving).length);
    expect(weightFormat).toEqual({ setUps: expect.any(Number), words: ["w4a8 fp8"] });
    expect(engines.words).toContain("vLLM/SGLang (Dynamo)");
    expect(engines.setUps).toBeLessThan(setUps / 5);
  });
});
