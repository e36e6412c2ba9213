import { requirePositive, requirePositiveInteger } from "../checks";

/**
 * Requests of one size that a bandwidth amounts to, a second.
 *
 * @example requestsPerSecond(3.2e12, 64) // 50,000,000,000
 */
export function requestsPerSecond(bytesPerSecond: number, requestBytes: number): number {
  requirePositive("bytesPerSecond", bytesPerSecond);
  requirePositive("requestBytes", requestBytes);
  return bytesPerSecond / requestBytes;
}

/**
 * Requests that must be in flight at once to keep a link or a memory busy (Little's law).
 *
 *     bytesPerSecond * latencySeconds / requestBytes
 *
 * Latency is taken as constant; it grows near the limit, so this is the fewest.
 *
 * @source Little (1961), doi:10.1287/opre.9.3.383
 * @example requestsInFlight(3.2e12, 500e-9, 64) // 25,000
 */
export function requestsInFlight(bytesPerSecond: number, latencySeconds: number, requestBytes: number): number {
  requirePositive("latencySeconds", latencySeconds);
  return requestsPerSecond(bytesPerSecond, requestBytes) * latencySeconds;
}

/** A memory, as requests see it. */
export interface MemoryPath {
  readonly bytesPerSecond: number;
  readonly latencySeconds: number;
}

/**
 * Most bandwidth that a number of requests in flight can draw.
 *
 *     min(bytesPerSecond, requestsInFlight * requestBytes / latencySeconds)
 *
 * An upper bound, sharp at both ends; near the knee requests queue and the truth lies below.
 *
 * @throws RangeError unless all are positive.
 */
export function inFlightBandwidth(path: MemoryPath, inFlight: number, requestBytes: number): number {
  requirePositive("bytesPerSecond", path.bytesPerSecond);
  requirePositive("latencySeconds", path.latencySeconds);
  requirePositive("requestsInFlight", inFlight);
  requirePositive("requestBytes", requestBytes);
  return Math.min(path.bytesPerSecond, (inFlight * requestBytes) / path.latencySeconds);
}

/** What random access needs to know of a DRAM; sizes and counts are of one pseudo-channel. */
export interface DramTiming {
  readonly minAccessBytes: number;
  readonly rowBytes: number;
  readonly banks: number;
  readonly rowCycleSeconds: number;
}

/**
 * Most bandwidth of random accesses, each of which opens its rows anew.
 *
 *     rows = ceil(accessBytes / rowBytes)
 *     min(peak, pseudoChannels * banks / rowCycleSeconds * accessBytes / rows) * accessEfficiency
 *
 * An upper bound: banks are taken as perfectly interleaved, and the limits on activations in a
 * window (tFAW, tRRD), refresh and bus turnaround are left out; each makes small accesses slower.
 * Accesses start on a row boundary; the peak is that of the bus, useful bytes are counted.
 *
 * @throws RangeError unless all are positive, and pseudo-channels and banks whole.
 */
export function randomAccessBandwidth(dram: DramTiming, pseudoChannels: number, peakBytesPerSecond: number, accessBytes: number): number {
  requirePositiveInteger("pseudoChannels", pseudoChannels);
  requirePositive("peakBytesPerSecond", peakBytesPerSecond);
  requirePositiveInteger("banks", dram.banks);
  requirePositive("rowBytes", dram.rowBytes);
  requirePositive("rowCycleSeconds", dram.rowCycleSeconds);
  const movedBytes = accessBytes / accessEfficiency(accessBytes, dram.minAccessBytes);
  const rows = Math.ceil(movedBytes / dram.rowBytes);
  const activationsPerSecond = (pseudoChannels * dram.banks) / dram.rowCycleSeconds;
  const movedPerSecond = Math.min(peakBytesPerSecond, (activationsPerSecond * movedBytes) / rows);
  return movedPerSecond * accessEfficiency(accessBytes, dram.minAccessBytes);
}

/**
 * Share of the moved bytes that an access asked for, when memory moves whole atoms.
 *
 *     accessBytes / (ceil(accessBytes / atomBytes) atomBytes)
 *
 * Takes the access as aligned to an atom; one that is not may touch one more.
 *
 * @throws RangeError unless both are positive.
 * @example accessEfficiency(656, 64) // 0.9318
 */
export function accessEfficiency(accessBytes: number, atomBytes: number): number {
  requirePositive("accessBytes", accessBytes);
  requirePositive("atomBytes", atomBytes);
  return accessBytes / (Math.ceil(accessBytes / atomBytes) * atomBytes);
}
