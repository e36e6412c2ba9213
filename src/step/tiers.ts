import { readConstants } from "../data/constants";
import { number, readRows, text } from "../data/rows";
import { type Dram, dram, drams } from "../machine/dram";
import type { Hardware } from "../machine/hardware";
import { randomAccessBandwidth } from "../machine/random-access";
import { collectiveKeys, linkGeneration, scaleUpBytesPerSecond } from "../network/collective";
import { scaleUpConstantNames } from "../network/exchange-constants";
import { pathOfSweep, type TransferPath } from "../network/message-path";
import { gpuMessageSeconds } from "../published/reached-network";
import { messageRates } from "../published/transfers";
import { toBase } from "../units";
import type { TierLimit } from "./requests";

/** Measured ways to post messages to a 400 Gb/s card, as paths read off the two ends of their sweeps. */
export function measuredPaths(): readonly (TransferPath & { readonly sweep: string })[] {
  return sweeps.map(({ sweep, ...who }) => ({
    sweep,
    ...pathOfSweep(
      who,
      messageRates().filter((r) => r.sweep === sweep),
    ),
  }));
}

const sweeps = [
  { sweep: "nic400-write-batch128", name: "400 Gb/s, writes, 128 at once", initiator: "host", mover: "network card" },
  { sweep: "thor2-read-batch256", name: "400 Gb/s, reads, 256 at once", initiator: "host", mover: "network card" },
  { sweep: "nic400-write-batch1", name: "400 Gb/s, writes, one at a time", initiator: "host", mover: "network card" },
] as const;

/** A machine's memory as random accesses meet it: so many stacks of one kind, with the time between two rows of a bank. */
export interface RowMemory {
  readonly kind: Dram;
  readonly stacks: number;
  readonly rowCycleSeconds: number;
}

/** Kinds without row timings of their own take those of the kind whose structure they keep. */
const timedAs: Readonly<Record<string, string>> = { hbm2e: "hbm2", hbm3e: "hbm3" };

/**
 * The memory of a machine, on the fewest stacks that give its bandwidth.
 *
 * A machine with more, slower stacks opens more rows (H200 has six where four would do). HBM2e and HBM3e take the row cycle of HBM2
 * and HBM3, and memory of a kind that is not in data/memory.csv counts as HBM3.
 *
 * @throws RangeError when neither the kind nor the one it takes its timings from has a row cycle.
 */
export function rowMemory(hardware: Hardware): RowMemory {
  const kind = drams().find(({ name }) => name === hardware.memoryKind.toUpperCase()) ?? dram("hbm3");
  const rowCycleSeconds = kind.rowCycleSeconds ?? dram(timedAs[kind.id] ?? kind.id).rowCycleSeconds;
  if (rowCycleSeconds === undefined) throw new RangeError(`memory must have a published row cycle, and ${kind.id} has none`);
  return { kind, stacks: Math.ceil(hardware.memoryBytesPerSecond / kind.bytesPerSecondPerStack), rowCycleSeconds };
}

/**
 * Most bandwidth of random accesses of one size on a machine's memory, each of which opens its rows anew.
 *
 * On the fewest stacks (see rowMemory), so low where there are more; the limit on activations in a window is left out, which errs
 * the other way.
 */
export function rowBandwidth(hardware: Hardware, accessBytes: number): number {
  const { kind, stacks, rowCycleSeconds } = rowMemory(hardware);
  const pseudoChannels = stacks * kind.pseudoChannelsPerStack;
  return randomAccessBandwidth({ ...kind, rowCycleSeconds }, pseudoChannels, hardware.memoryBytesPerSecond, accessBytes);
}

/**
 * Rows of random access on a machine's memory: the rate at which rows can be opened, as rowBandwidth has it.
 *
 * @example memoryLimit(hardware("h100-sxm")).bytesPerSecond
 */
export function memoryLimit(hardware: Hardware): TierLimit {
  const { kind } = rowMemory(hardware);
  const requestsPerSecond = rowBandwidth(hardware, kind.minAccessBytes) / kind.minAccessBytes;
  return { name: `${kind.name}, rows opened`, bytesPerSecond: hardware.memoryBytesPerSecond, requestsPerSecond };
}

/**
 * Messages over the scale-up link, at the cost a message fitted to DeepEP's dispatch inside a node.
 *
 * @example scaleUpLimit(hardware("h100-sxm")).bytesPerSecond
 */
export function scaleUpLimit(hardware: Hardware): TierLimit {
  const constants = readConstants("collectives.csv", collectiveKeys, scaleUpConstantNames, "messages inside a node");
  const generation = linkGeneration(hardware.generation) === "Blackwell" ? "Blackwell" : "Hopper";
  const found = constants.get(`deepep-low-latency dispatch ${generation}`);
  if (found === undefined) throw new RangeError(`collectives.csv must have messages inside a node for ${generation}`);
  return {
    name: "scale-up link, as DeepEP posts",
    bytesPerSecond: scaleUpBytesPerSecond(hardware),
    requestsPerSecond: 1 / found.secondsPerMessage,
  };
}

/**
 * Messages over the network card as DeepEP's kernels post them, from the GPU: what dispatch and combine meet.
 *
 * At the most that a message costs by DeepEP's published exchanges, so the card serves as many messages or more.
 *
 * @throws RangeError when the machine has no network.
 * @example gpuPostedLimit(hardware("h100-sxm")).requestsPerSecond // 62 million
 */
export function gpuPostedLimit(hardware: Hardware): TierLimit {
  return { name: "network card, as DeepEP posts", bytesPerSecond: cardOf(hardware), requestsPerSecond: 1 / gpuMessageSeconds() };
}

function cardOf({ id, networkBytesPerSecond }: Hardware): number {
  if (networkBytesPerSecond === undefined) throw new RangeError(`${id} has no networkBytesPerSecond`);
  return networkBytesPerSecond;
}

/**
 * Network cards by how a host posts messages.
 *
 * @throws RangeError when the machine has no network.
 * @example networkLimits(hardware("h100-sxm")).map(({ name }) => name)
 */
export function networkLimits(hardware: Hardware): readonly TierLimit[] {
  cardOf(hardware);
  return measuredPaths().map((path) => ({
    name: path.name,
    bytesPerSecond: path.bytesPerSecond,
    requestsPerSecond: 1 / path.secondsPerMessage,
  }));
}

/**
 * Flash drives read at random by the GPU: rate at the size measured, bandwidth from the same run.
 *
 * @example flashLimits()
 */
export function flashLimits(): readonly TierLimit[] {
  return readRows("measurements/flash-reads.csv").map((row) => ({
    name: text(row, "drive"),
    bytesPerSecond: toBase(number(row, "gigabytesPerSecond"), "GB/s"),
    requestsPerSecond: number(row, "readsPerSecond"),
  }));
}
