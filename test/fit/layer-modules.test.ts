import { expect, it } from "vitest";
import { layerModules } from "../../src/fit/layer-modules";

it("a layer as its engine times it is met within 12 % but at one token of one kernel, within 16 % there", () => {
  const modules = layerModules();
  expect(modules).toHaveLength(28);
  for (const { kernel, tokens, off, ...times } of modules) {
    expect(off, `${kernel}, ${tokens}`).toBeCloseTo((times.layerSeconds + times.routerSeconds) / times.measuredSeconds - 1, 12);
    const most = kernel === "moe_torch_flow_cutlass" && tokens === 1 ? 0.16 : 0.12;
    expect(Math.abs(off), `${kernel}, ${tokens}`).toBeLessThan(most);
  }
  expect(modules.filter(({ kernel }) => kernel === "moe_torch_flow_min_latency")).toHaveLength(14);
});

it("a layer as its engine times it is what the source prints: 26.78 us at one token, 96.77 in the other kernel", () => {
  const one = layerModules().filter(({ tokens }) => tokens === 1);
  expect(one.map(({ kernel, measuredSeconds }) => [kernel, Number((measuredSeconds * 1e6).toFixed(2))])).toEqual([
    ["moe_torch_flow_min_latency", 26.78],
    ["moe_torch_flow_cutlass", 96.77],
  ]);
  for (const { routerSeconds, source } of one) {
    // 7,168 x 256 weights of two bytes at 8 TB/s take 0.46 us, and a product no less than some microseconds.
    expect(routerSeconds).toBeGreaterThan(0.46e-6);
    expect(routerSeconds).toBeLessThan(10e-6);
    expect(source).toBe("trtllmdensegemm2026");
  }
});
