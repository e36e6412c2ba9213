import type { Hardware, TimeName } from "../machine/hardware";
import { timeFactor } from "../machine/hardware";
import type { NumberFormat } from "../machine/number-formats";

/** What a machine does so much of a second: any question to it. */
export interface MachineQuestion {
  readonly hardware: Hardware;
}

/** A question with so many times as much of a resource. */
export type Scale = <Q extends MachineQuestion>(question: Q, factor: number) => Q;

/**
 * What a machine has so much of a second, and how to give a step more of it: by a factor, all else alike.
 *
 * Each is a rate, or a time made shorter by the factor, so that a step with all of them and all fixed times scaled takes exactly that much
 * less: only of such resources do the worths add up to one. A size (of memory, cache or array, a count of processors) is none.
 * A resource that the machine lacks leaves the question as it is. To add one, add a line.
 */
export const resources = {
  memoryBandwidth: withHardware(({ memoryBytesPerSecond }, factor) => ({ memoryBytesPerSecond: memoryBytesPerSecond * factor })),
  /** Of every format alike. */
  arithmetic: withHardware(({ peakFlopsPerSecond }, factor) => ({
    peakFlopsPerSecond: Object.fromEntries(Object.entries(peakFlopsPerSecond).map(([format, peak]) => [format, peak * factor])),
  })),
  scaleUpBandwidth: withHardware(({ scaleUpBytesPerSecond }, factor) =>
    scaleUpBytesPerSecond === undefined ? {} : { scaleUpBytesPerSecond: scaleUpBytesPerSecond * factor },
  ),
  networkBandwidth: withHardware(({ networkBytesPerSecond }, factor) =>
    networkBytesPerSecond === undefined ? {} : { networkBytesPerSecond: networkBytesPerSecond * factor },
  ),
  /** Counts where data comes from the last-level cache; a cold step reads its weights from memory, so it is worth nothing there. */
  clock: withHardware(({ clockHertz }, factor) => (clockHertz === undefined ? {} : { clockHertz: clockHertz * factor })),
} as const satisfies Readonly<Record<string, Scale>>;

/** A resource of the list above. */
export type ResourceName = keyof typeof resources;
/** All of them, in the order of the list. */
export const resourceNames = Object.keys(resources) as readonly ResourceName[];

/** Arithmetic of one format alone. */
export function arithmeticOf(format: NumberFormat): Scale {
  return withHardware(({ peakFlopsPerSecond }, factor) => {
    const peak = peakFlopsPerSecond[format];
    return peak === undefined ? {} : { peakFlopsPerSecond: { ...peakFlopsPerSecond, [format]: peak * factor } };
  });
}

/** One of the fixed times that a what-if can scale, made shorter by the factor. */
export function speedOf(time: TimeName): Scale {
  return withHardware((hardware, factor) => ({ times: { ...hardware.times, [time]: timeFactor(hardware, time) / factor } }));
}

/** Bytes of the last-level cache. */
export const cacheSize: Scale = withHardware(({ cacheBytes }, factor) =>
  cacheBytes === undefined ? {} : { cacheBytes: cacheBytes * factor },
);

/** A whole number of processors, of the same peak together: more of them are slower ones. */
export function withProcessors<Q extends MachineQuestion>(question: Q, processors: number): Q {
  return { ...question, hardware: { ...question.hardware, processors } };
}

function withHardware(change: (hardware: Hardware, factor: number) => Partial<Hardware>): Scale {
  return (question, factor) => ({ ...question, hardware: { ...question.hardware, ...change(question.hardware, factor) } });
}
