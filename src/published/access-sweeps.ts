import { inFlightBandwidth } from "../machine/random-access";
import { type TmaPoint, tmaSweeps } from "./tables";

/** One published sweep of bandwidth against access size at a fixed number in flight, and the bound that two of its numbers give. */
export interface Sweep {
  readonly machine: string;
  readonly loadsInFlight: number;
  readonly measured: readonly TmaPoint[];
  /** Read off the smallest access of the machine's sweeps: in flight / rate. */
  readonly latencySeconds: number;
  /** The best rate of the machine's sweeps. */
  readonly bestBytesPerSecond: number;
}

/** The published sweeps with the fewest and the most loads in flight, two per machine. */
export function accessSweeps(): readonly Sweep[] {
  const plain = tmaSweeps().filter((p) => p.variant === "tma_bw" || p.variant === "2D");
  return ["H800 PCIe", "B200"].flatMap((machine) => {
    const all = plain.filter((p) => p.machine === machine);
    const bestBytesPerSecond = Math.max(...all.map((p) => p.bytesPerSecond));
    const latencySeconds = Math.min(...all.map((p) => (p.loadsInFlight * p.loadBytes) / p.bytesPerSecond));
    const inFlight = all.map((p) => p.loadsInFlight);
    return [Math.min(...inFlight), Math.max(...inFlight)].map((loadsInFlight) => {
      const measured = all.filter((p) => p.loadsInFlight === loadsInFlight).sort((a, b) => a.loadBytes - b.loadBytes);
      return { machine, loadsInFlight, measured, latencySeconds, bestBytesPerSecond };
    });
  });
}

/** One measured rate beside its bound; readOff tells that the bound's latency or best rate was read off this very point. */
export interface BoundedRate {
  readonly machine: string;
  readonly loadsInFlight: number;
  readonly loadBytes: number;
  readonly measured: number;
  readonly bound: number;
  readonly readOff: boolean;
}

/**
 * Every point of the sweeps beside what its loads in flight allow, bytes per second.
 *
 * @example tmaBounds()
 */
export function tmaBounds(): readonly BoundedRate[] {
  return accessSweeps().flatMap((s) =>
    s.measured.map((p) => {
      const readOff = p.bytesPerSecond === s.bestBytesPerSecond || (p.loadsInFlight * p.loadBytes) / p.bytesPerSecond === s.latencySeconds;
      return {
        machine: s.machine,
        loadsInFlight: s.loadsInFlight,
        loadBytes: p.loadBytes,
        measured: p.bytesPerSecond,
        bound: sweepBound(s, p.loadBytes),
        readOff,
      };
    }),
  );
}

/** The rate that a sweep's loads in flight allow at a size of access, bytes per second. */
export function sweepBound(sweep: Sweep, loadBytes: number): number {
  return inFlightBandwidth(
    { bytesPerSecond: sweep.bestBytesPerSecond, latencySeconds: sweep.latencySeconds },
    sweep.loadsInFlight,
    loadBytes,
  );
}
