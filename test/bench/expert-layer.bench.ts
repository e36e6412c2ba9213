import { bench, describe } from "vitest";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";

const v3 = model("deepseek-v3");
const k2 = model("kimi-k2");
const h100 = hardware("h100-sxm");
const b200 = hardware("b200-sxm");

// Each run is 1,000 evaluations over changing tokens: 300 runs a second are 300,000 evaluations.
describe("moeLayerTime, 1,000 evaluations a run", () => {
  bench("balanced, TensorRT-LLM CUTLASS on H100", () => {
    for (let i = 1; i <= 1000; i++)
      moeLayerTime({
        model: v3,
        hardware: h100,
        kernel: "moe_torch_flow_cutlass",
        weightFormat: "fp8_block",
        tokens: i,
        expertParallel: 8,
      });
  });
  bench("group-limited, SGLang Triton on H100", () => {
    for (let i = 1; i <= 1000; i++)
      moeLayerTime({
        model: v3,
        hardware: h100,
        kernel: "sglang_fused_moe_triton",
        weightFormat: "fp8_block",
        tokens: i,
        expertParallel: 2,
      });
  });
  bench("power law seen before, DeepGEMM on B200", () => {
    for (let i = 1; i <= 1000; i++)
      moeLayerTime({
        model: k2,
        hardware: b200,
        kernel: "deepgemm",
        weightFormat: "fp8_block",
        tokens: 64,
        expertParallel: 8,
        routing: "power_law_1.2",
      });
  });
});
