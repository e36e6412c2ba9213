import { describe, expect, it } from "vitest";
import { claims } from "../../src/claims/claims";
import { defaultExperts } from "../../src/kernels/default-experts";
import { hardware, machines } from "../../src/machine/hardware";
import { weightFormatNames } from "../../src/machine/number-formats";
import { modelFromConfigText } from "../../src/model/config/read-config";
import { isMoe } from "../../src/model/model";
import { addModel, models } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";
import { publishedConfigs } from "../model/config/configs";

const read = (name: string) => {
  const text = publishedConfigs.find((c) => c.name === name)?.text as string;
  return addModel(modelFromConfigText(text, { id: `own-${name}` }));
};

/** Dense, latent attention, two hybrids (Mamba with blocks of one part, Gated DeltaNet), plain experts. */
const five = ["llama-3.1-8b", "deepseek-v3", "nemotron-3-nano-30b-a3b", "qwen3.5-35b-a3b", "mixtral-8x7b"];

describe.each(five)("a model read from the configuration of %s", (name) => {
  const model = read(name);

  it.each(["h100-sxm", "b200-sxm", "a100-sxm"])("has a decode step on %s", (id) => {
    const expertParallel = isMoe(model) ? 8 : 1;
    const step = decodeStep({ model, hardware: hardware(id), requestsPerGpu: 64, contextTokens: 4096, expertParallel });
    expect(step.tokensPerSecondPerGpu).toSatisfy((rate: number) => rate > 100 && rate < 100_000);
    for (const task of step.tasks) expect(task.seconds, task.name).toSatisfy((seconds: number) => seconds > 0 && seconds < 1);
  });

  it("has a verdict on every claim, or the reason why not in words", () => {
    if (isMoe(model)) {
      const judged = claims({ scenario: { model: model.id, expertParallel: 8 }, draws: 16 });
      for (const { headline } of judged) expect(headline).not.toMatch(/NaN|undefined/);
    } else
      expect(() => claims({ scenario: { model: model.id }, draws: 16 })).toThrow(
        new RangeError(`model must have routed experts, and ${model.id} has none`),
      );
  });
});

describe("the format of the weights", () => {
  it.each([
    ["llama-3.1-8b", "bf16", "bfloat16", "bfloat16"],
    ["deepseek-v3.2-exp", "fp8 e4m3 128x128", "fp8_block", "fp8_block"],
    ["qwen3-32b-fp8-static", "fp8 e4m3", "fp8", "fp8"],
    ["gpt-oss-120b", "mxfp4 experts, bf16 rest", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8"],
    ["deepseek-v4-flash", "mxfp4 experts, fp8 rest", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8"],
    ["deepseek-v4-flash-nvfp4", "nvfp4 experts, bf16 rest", "w4a16_mxfp4", "nvfp4"],
    ["glm-5.2-nvfp4", "nvfp4 experts, bf16 rest", "w4a16_mxfp4", "nvfp4"],
    ["qwen3.6-35b-a3b-nvfp4", "nvfp4 experts, fp8 e4m3 rest", "w4a16_mxfp4", "nvfp4"],
    ["kimi-k2-thinking", "int4 g32 experts, bf16 rest", "int4_wo", "int4_wo"],
    ["kimi-k3", "mxfp4 experts, bf16 rest", "w4a16_mxfp4", "w4a8_mxfp4_mxfp8"],
    ["jamba-v0.1", "not stated", "bfloat16", "bfloat16"],
  ])("of %s is %s: %s on H100, %s on B200", (name, dtype, onH100, onB200) => {
    const model = read(name);
    expect(model.formats.released).toBe(dtype);
    expect(defaultExperts(model, hardware("h100-sxm"), 1).weightFormat).toBe(onH100);
    expect(defaultExperts(model, hardware("b200-sxm"), 1).weightFormat).toBe(onB200);
  });

  it.each([
    [{ quant_method: "gptq", bits: 4, group_size: 128 }, "int4 g128, bf16 rest"],
    [{ quant_method: "awq", w_bit: 4, q_group_size: 64 }, "int4 g64, bf16 rest"],
    [{ quant_method: "gptq", bits: 8, group_size: -1 }, "int8, bf16 rest"],
    [{ quant_method: "bitsandbytes", load_in_4bit: true, bnb_4bit_quant_type: "nf4" }, "int4 nf4"],
    [{ quant_method: "bitsandbytes", load_in_8bit: true }, "int8"],
    [{ quant_method: "compressed-tensors", config_groups: { a: { weights: { num_bits: 8, type: "float" } } } }, "fp8 e4m3"],
    [{ quant_method: "modelopt", quant_algo: "W4A16_AWQ" }, "int4 g128"],
    [{ quant_algo: "FP8" }, "fp8 e4m3"],
    [{ bits: 4, group_size: 64 }, "int4 g64, bf16 rest"],
    [{ bits: 4, group_size: 32, mode: "mxfp4" }, "mxfp4"],
  ])("of a file with %j is %s", (quantization_config, dtype) => {
    const plain = JSON.parse(publishedConfigs.find((c) => c.name === "llama-3.1-8b")?.text as string) as object;
    expect(modelFromConfigText(JSON.stringify({ ...plain, quantization_config })).formats.released).toBe(dtype);
  });

  it.each([
    [{ quantization_bit: 5 }, "int5, bf16 rest"],
    [{ quantization_config: { quant_method: "awq", w_bit: 3 } }, "int3, bf16 rest"],
  ])("of bits that few run is what it says: %j", (fields, released) => {
    const plain = JSON.parse(publishedConfigs.find((c) => c.name === "llama-3.1-8b")?.text as string) as object;
    const own = modelFromConfigText(JSON.stringify({ ...plain, ...fields }));
    expect(own.formats).toMatchObject({ known: true, released, experts: `${released.slice(0, 4)}_wo` });
    expect(weightFormatNames).toContain(defaultExperts(own, hardware("h100-sxm"), 1).weightFormat);
  });

  it("has a measured format for every released model on every machine", () => {
    for (const model of models()) {
      for (const machine of machines()) expect(weightFormatNames).toContain(defaultExperts(model, machine, 1).weightFormat);
    }
  });
});
