import { requirePositive, requirePositiveInteger } from "../checks";
import type { Hardware } from "./hardware";

/**
 * Refuse a machine whose rates no time can be computed from.
 *
 * @throws RangeError naming the field.
 */
export function requireRates(hardware: Hardware): void {
  requirePositive("memoryBytesPerSecond", hardware.memoryBytesPerSecond);
  for (const [format, peak] of Object.entries(hardware.peakFlopsPerSecond)) requirePositive(`peakFlopsPerSecond.${format}`, peak);
  for (const field of ["scaleUpBytesPerSecond", "networkBytesPerSecond"] as const) {
    const rate = hardware[field];
    if (rate !== undefined) requirePositive(field, rate);
  }
  for (const field of ["processors", "scaleUpDomain"] as const) {
    const count = hardware[field];
    if (count !== undefined) requirePositiveInteger(field, count);
  }
}
