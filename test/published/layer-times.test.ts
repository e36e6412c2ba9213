import { describe, expect, it } from "vitest";
import { parseRows } from "../../src/data/rows";
import { hardware } from "../../src/machine/hardware";
import { moeFiles, moeMeasurements, parseMoeMeasurements, readMoeMeasurements, setAside } from "../../src/published/layer-times";

const head =
  "hardware,software,kernel,weightFormat,model,hiddenSize,moeIntermediateSize,expertsPerToken,routedExperts,tensorParallel,expertParallel,routing,us1,us128";
const parse = (line: string) => parseMoeMeasurements(parseRows("moe.csv", `${head}\n${line}\n`));
const good = "h100-sxm,SGLang 0.5.14,sglang_fused_moe_triton,fp8_block,deepseek-v3,7168,2048,8,256,1,2,balanced";

describe("parseMoeMeasurements", () => {
  it("reads one row a token count that has a time, in seconds", () => {
    expect(parse(`${good},,191.5`)).toEqual([
      {
        file: "moe.csv",
        line: 2,
        hardware: "h100-sxm",
        software: "SGLang 0.5.14",
        kernel: "sglang_fused_moe_triton",
        weightFormat: "fp8_block",
        model: "deepseek-v3",
        shape: { hiddenSize: 7168, moeIntermediateSize: 2048, expertsPerToken: 8, routedExperts: 256, expertMatrices: 3 },
        tensorParallel: 1,
        expertParallel: 2,
        routing: "balanced",
        tokens: 128,
        seconds: expect.closeTo(191.5e-6, 12),
      },
    ]);
  });

  it("stops at a time that is not positive, with file and line", () => {
    expect(() => parse(`${good},-3,`)).toThrow("moe.csv:2: expected a positive time for us1, got -3");
    expect(() => parse(`${good},0,`)).toThrow("moe.csv:2: expected a positive time for us1, got 0");
    expect(() => parse(`${good},fast,`)).toThrow('moe.csv:2: expected a number for us1, got "fast"');
  });

  it("stops at a kernel, format, routing or count it does not know, with file and line", () => {
    expect(() => parse(`${good.replace("triton", "tritn")},1,`)).toThrow(
      /^moe.csv:2: unknown kernel "sglang_fused_moe_tritn"; nearest: sglang_fused_moe_triton/,
    );
    expect(() => parse(`${good.replace("fp8_block", "fp9")},1,`)).toThrow(/^moe.csv:2: expected weightFormat to be one of/);
    expect(() => parse(`${good.replace("balanced", "balancd")},1,`)).toThrow(/^moe.csv:2: routing must be/);
    expect(() => parse(`${good.replace("7168", "-1")},1,`)).toThrow("moe.csv:2: expected a positive whole number for hiddenSize, got -1");
  });
});

describe("data/measurements", () => {
  it("holds every layer time of the files, on machines of the registry", () => {
    expect(moeFiles.map((file) => readMoeMeasurements(file).length)).toEqual([13293, 51651, 59649, 33854, 2373]);
    for (const id of new Set(moeMeasurements().map((row) => row.hardware))) expect(hardware(id).id).toBe(id);
  });

  it("states no row twice", () => {
    const keys = moeMeasurements().map((r) =>
      [r.hardware, r.software, r.kernel, r.weightFormat, r.model, r.tensorParallel, r.expertParallel, r.routing, r.tokens].join(" "),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("sets rows aside for a stated reason, and every reason concerns some row", () => {
    const rows = moeMeasurements();
    for (const aside of setAside()) {
      expect(aside.reason).not.toBe("");
      expect(rows.some(aside.matches), aside.reason).toBe(true);
    }
  });
});
