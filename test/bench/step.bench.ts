import { bench, describe } from "vitest";
import { hardware } from "../../src/machine/hardware";
import { model } from "../../src/model/registry";
import { decodeStep } from "../../src/step/decode";

const v3 = model("deepseek-v3");
const h800 = hardware("h800-sxm");
let requestsPerGpu = 1;

/** Goal: 20,000 a second on one core. Every call asks something else. */
describe("decodeStep of DeepSeek-V3 on H800", () => {
  bench("two micro-batches, EP128", () => {
    requestsPerGpu = (requestsPerGpu % 256) + 2;
    decodeStep({ model: v3, hardware: h800, requestsPerGpu, contextTokens: 4096, expertParallel: 128, overlap: "two-micro-batches" });
  });
  bench("no overlap, EP128", () => {
    requestsPerGpu = (requestsPerGpu % 256) + 2;
    decodeStep({ model: v3, hardware: h800, requestsPerGpu, contextTokens: 4096, expertParallel: 128 });
  });
});
