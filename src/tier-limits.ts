import { collectiveKeys, linkGeneration, scaleUpBytesPerSecond } from "./collective";
import { readConstants } from "./constants";
import { scaleUpConstantNames } from "./dispatch";
import { dram } from "./dram";
import { number, readRows, text } from "./facts";
import type { Hardware } from "./hardware";
import { randomAccessBandwidth } from "./memory";
import { messageRates } from "./published/links";
import type { TierLimit } from "./request-streams";
import { pathOfSweep, type TransferPath } from "./transfer";
import { toBase } from "./units";

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

/** Rows of random access on a machine's memory: the rate at which rows can be opened. */
export function memoryLimit(hardware: Hardware, memory = "hbm3", stacks = 5): TierLimit {
  const kind = dram(memory);
  const { rowCycleSeconds } = kind;
  if (rowCycleSeconds === undefined) throw new RangeError(`memory must have a published row cycle, and ${kind.id} has none`);
  const least = kind.minAccessBytes;
  const rate =
    randomAccessBandwidth({ ...kind, rowCycleSeconds }, stacks * kind.pseudoChannelsPerStack, hardware.memoryBytesPerSecond, least) / least;
  return { name: `${kind.name}, rows opened`, bytesPerSecond: hardware.memoryBytesPerSecond, requestsPerSecond: rate };
}

/** Messages over the scale-up link, at the cost a message fitted to DeepEP's dispatch inside a node. */
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

/** Network cards by how messages are posted. @throws RangeError when the machine has no network. */
export function networkLimits(hardware: Hardware): readonly TierLimit[] {
  if (hardware.networkBytesPerSecond === undefined) throw new RangeError(`${hardware.id} has no networkBytesPerSecond`);
  return measuredPaths().map((path) => ({
    name: path.name,
    bytesPerSecond: path.bytesPerSecond,
    requestsPerSecond: 1 / path.secondsPerMessage,
  }));
}

/** Flash drives read at random by the GPU: rate at the size measured, bandwidth from the same run. */
export function flashLimits(): readonly TierLimit[] {
  return readRows("measurements/flash-reads.csv").map((row) => ({
    name: text(row, "drive"),
    bytesPerSecond: toBase(number(row, "gigabytesPerSecond"), "GB/s"),
    requestsPerSecond: number(row, "readsPerSecond"),
  }));
}
