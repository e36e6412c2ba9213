import { requireName } from "../checks";
import { nearest } from "../text/nearest";
import { carriedFamily, kernelNames, kernels } from "./families";

/** Names that were looked up. */
const known = new Set<string>();

/**
 * Refuse what is no name of a kernel that was measured, nor like one.
 *
 * @throws RangeError naming the nearest kernels.
 */
export function requireKernel(kernel: string): void {
  if (known.has(kernel)) return;
  requireName("kernel", kernel);
  const all = kernels();
  const isNamed = all.some((family) => family.kernel === kernel) || kernelNames().some((name) => name.kernel === kernel);
  if (!isNamed && carriedFamily(kernel, "bfloat16", "Hopper", all) === undefined)
    throw new RangeError(`unknown kernel "${kernel}"; nearest: ${nearest(kernel, [...new Set(all.map((f) => f.kernel))]).join(", ")}`);
  known.add(kernel);
}
