import { bench, describe } from "vitest";
import { moeLayerTime } from "../../src/kernels/expert-layer";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeSeconds, decodeStep } from "../../src/step/decode";

const v3 = model("deepseek-v3");
const h800 = hardware("h800-sxm");
const wide = { model: v3, hardware: h800, dataParallel: 128, expertParallel: 128 } as const;
const narrow = { model: v3, hardware: hardware("h200-sxm"), tensorParallel: 8 } as const;
let call = 0;

/** Requests and context that no call before had: nothing is answered from memory. */
const next = (groups: number) => {
  call++;
  return { requests: groups * (2 + ((call * 7919) % 5000)), contextTokens: 1000 + ((call * 104_729) % 60_000) };
};

/** Goal on a quiet core: 10 us with tasks, 5 us for the seconds alone. */
describe("a decode step of DeepSeek-V3", () => {
  bench("with tasks, EP128 on H800", () => {
    decodeStep({ ...wide, ...next(128) });
  });
  bench("with tasks, EP128 on H800, two micro-batches", () => {
    decodeStep({ ...wide, ...next(128), overlap: "two-micro-batches" });
  });
  bench("with tasks, TP8 on H200", () => {
    decodeStep({ ...narrow, ...next(1) });
  });
  bench("seconds alone, EP128 on H800", () => {
    decodeSeconds({ ...wide, ...next(128) });
  });
  bench("seconds alone, TP8 on H200", () => {
    decodeSeconds({ ...narrow, ...next(1) });
  });
});

describe("a layer of experts", () => {
  bench("DeepSeek-V3, cold, by chance", () => {
    const { requests: tokens } = next(1);
    moeLayerTime({ ...layer, tokens });
  });
});

const layer = {
  model: v3,
  hardware: hardware("h200-sxm"),
  kernel: "moe_torch_flow_cutlass",
  weightFormat: "fp8_block",
  expertParallel: 8,
  routing: "chance",
  cache: "cold",
} as const;
