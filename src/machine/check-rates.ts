import { requireName, requirePositive, requirePositiveInteger, requireRecord } from "../checks";
import type { Hardware } from "./hardware";

/** Records that were checked and cannot change. */
const sound = new WeakSet<Hardware>();

/**
 * Refuse what is no machine, and a machine whose rates no time can be computed from.
 *
 * @throws RangeError naming the field.
 */
export function requireMachine(hardware: Hardware): void {
  if (sound.has(hardware)) return;
  requireRecord("hardware", hardware, "a machine, as hardware(id) gives");
  requirePositive("hardware.memoryBytesPerSecond", hardware.memoryBytesPerSecond);
  requireRecord("hardware.peakFlopsPerSecond", hardware.peakFlopsPerSecond, "a record of rates by format");
  const peaks = Object.entries(hardware.peakFlopsPerSecond);
  if (peaks.length === 0) throw new RangeError("hardware.peakFlopsPerSecond must hold a rate of at least one format, got none");
  for (const [format, peak] of peaks) requirePositive(`hardware.peakFlopsPerSecond.${format}`, peak);
  for (const field of ["scaleUpBytesPerSecond", "networkBytesPerSecond", "hostLinkBytesPerSecond", "clockHertz", "cacheBytes"] as const) {
    const rate = hardware[field];
    if (rate !== undefined) requirePositive(`hardware.${field}`, rate);
  }
  for (const field of ["processors", "scaleUpDomain"] as const) {
    const count = hardware[field];
    if (count !== undefined) requirePositiveInteger(`hardware.${field}`, count);
  }
  requireName("hardware.generation", hardware.generation);
  if (Object.isFrozen(hardware)) sound.add(hardware);
}
