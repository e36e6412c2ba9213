import { expect, it } from "vitest";
import { hardware, hasLargeCores, machines, tileProcessors } from "../../src/machine/hardware";

it("tiles are dealt over a GPU's processors, and over an H100's where a machine does not say or has few large cores", () => {
  expect(tileProcessors(hardware("b200-sxm"))).toBe(148);
  const { processors: _, ...unsaid } = hardware("b200-sxm");
  expect(tileProcessors(unsaid)).toBe(132);
  expect([2, 8].map((processors) => tileProcessors({ processors, vendor: "Google" }))).toEqual([132, 132]);
  // A GPU cut down to few processors stays one.
  expect(tileProcessors({ processors: 2, vendor: "NVIDIA" })).toBe(2);
});

it("large cores are those of TPUs, Gaudi and Trainium", () => {
  const large = machines().filter(hasLargeCores);
  expect(large.length).toBeGreaterThan(5);
  for (const { id } of large) expect(id).toMatch(/^(tpu|gaudi|trainium)-/);
});
