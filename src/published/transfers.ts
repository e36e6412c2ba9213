import { at, number, oneOf, optionalText, type Row, readRows, text } from "../data/rows";
import { toBase, type Unit } from "../units";

/** One published deployment or recipe, and over how many GPUs it splits matrices and experts. */
export interface Parallelism {
  /** Day or month, ISO. */
  readonly date: string;
  readonly model: string;
  readonly system: string;
  readonly regime: "decode" | "prefill" | "training";
  readonly tensorParallel: number;
  readonly expertParallel: number;
  readonly source: string;
  readonly note: string;
}

/**
 * Deployments of data/parallelism.csv, the oldest first.
 *
 * @example publishedParallelism().map(({ source }) => source)
 */
export function publishedParallelism(): readonly Parallelism[] {
  return readRows("parallelism.csv").map((row) => ({
    date: text(row, "date"),
    model: text(row, "model"),
    system: text(row, "system"),
    regime: oneOf(row, "regime", ["decode", "prefill", "training"]),
    tensorParallel: above(row, "tensorParallel"),
    expertParallel: above(row, "expertParallel"),
    source: text(row, "source"),
    note: optionalText(row, "note") ?? "",
  }));
}

/** Messages of one size, and how fast they went. */
export interface MessageRate {
  readonly sweep: string;
  readonly messageBytes: number;
  /** Posted together. */
  readonly messages: number;
  readonly messagesPerSecond: number;
  readonly bytesPerSecond: number;
  readonly source: string;
}

/** Sweeps of message size over network cards: MORI's on 400 Gb/s cards, and users' runs of perftest. */
export function messageRates(): readonly MessageRate[] {
  const mori = readRows("measurements/rdma-messages.csv").map((row) => {
    const [messageBytes, messages] = [above(row, "messageBytes"), above(row, "messages")];
    return rated(row, messageBytes, messages, messages / above(row, "averageUs", "us"));
  });
  const perftest = readRows("measurements/perftest-messages.csv").map((row) =>
    rated(row, above(row, "messageBytes"), 1, above(row, "millionMessagesPerSecond", "1e6/s")),
  );
  return [...mori, ...perftest];
}

/** DeepEP's low-latency exchange as its README states it. */
export interface PublishedExchange {
  readonly hardware: string;
  readonly date: string;
  readonly link: string;
  readonly hiddenSize: number;
  readonly expertsPerToken: number;
  readonly tokens: number;
  readonly expertParallel: number;
  readonly dispatchSeconds: number;
  readonly combineSeconds: number;
}

/**
 * Dispatch and combine on H800 as DeepEP's README states them, at two dates.
 *
 * @throws Error naming file and line of a broken row.
 */
export function publishedExchanges(): readonly PublishedExchange[] {
  return readRows("measurements/deepep-h800.csv").map((row) => ({
    hardware: text(row, "machine"),
    date: text(row, "date"),
    link: text(row, "link"),
    hiddenSize: above(row, "hiddenSize"),
    expertsPerToken: above(row, "expertsPerToken"),
    tokens: above(row, "tokens"),
    expertParallel: above(row, "expertParallel"),
    dispatchSeconds: above(row, "dispatchUs", "us"),
    combineSeconds: above(row, "combineUs", "us"),
  }));
}

/** One copy between host and GPU, by a call or by the host's own loads and stores. */
export interface HostCopy {
  readonly machine: string;
  readonly path: string;
  readonly bytes: number;
  readonly seconds: number;
}

/**
 * Published times of bytes that cross between host and GPU, by the way they take.
 *
 * @throws Error naming file and line of a broken row.
 */
export function hostCopies(): readonly HostCopy[] {
  return readRows("measurements/mapped-or-copied.csv").map((row) => ({
    machine: text(row, "machine"),
    path: text(row, "path"),
    bytes: above(row, "bytes"),
    seconds: above(row, "averageUs", "us"),
  }));
}

/** Bandwidth to a peer over one scale-up link (gfx1250), by what moves the bytes. */
export interface PeerCopy {
  readonly bytes: number;
  readonly loadStoreBytesPerSecond: number;
  readonly dataMoverBytesPerSecond: number;
}

/** The best grid at each size. */
export function peerCopySizes(): readonly PeerCopy[] {
  return readRows("measurements/peer-copy-sizes.csv").map((row) => ({ bytes: above(row, "bytes"), ...peerRates(row) }));
}

/** 16 GB, by how many blocks take part. */
export function peerCopyBlocks(): readonly (PeerCopy & { readonly blocks: number })[] {
  return readRows("measurements/peer-copy-blocks.csv").map((row) => ({ blocks: above(row, "blocks"), bytes: 16e9, ...peerRates(row) }));
}

/** Expert exchange by who starts a message, on H100 with 400 Gb/s a GPU. */
export interface StartedExchange {
  readonly initiator: string;
  readonly direction: "dispatch" | "combine" | "all-to-all";
  readonly tokens: number;
  readonly expertParallel: number;
  readonly seconds: number;
}

/**
 * Published times of exchanges by who starts the transfers: a thread of the host, or the GPU's own processors.
 *
 * @throws Error naming file and line of a broken row.
 */
export function exchangesByInitiator(): readonly StartedExchange[] {
  return readRows("measurements/exchange-initiators.csv").map((row) => ({
    initiator: text(row, "initiator"),
    direction: oneOf(row, "direction", ["dispatch", "combine", "all-to-all"]),
    tokens: above(row, "tokens"),
    expertParallel: above(row, "expertParallel"),
    seconds: above(row, "averageUs", "us"),
  }));
}

/** Bandwidth of an expert exchange, by the processors it takes. */
export interface ExchangeProcessors {
  readonly version: string;
  readonly machine: string;
  readonly link: "NVLink" | "network";
  readonly expertParallel: number;
  readonly processors: number;
  readonly dispatchBytesPerSecond: number;
  readonly combineBytesPerSecond: number;
  readonly measured: "whole" | "kernel alone";
  readonly source: string;
}

/**
 * Published rates of expert exchanges, each with the processors it keeps busy.
 *
 * @throws Error naming file and line of a broken row.
 */
export function exchangesByProcessors(): readonly ExchangeProcessors[] {
  return readRows("measurements/exchange-processors.csv").map((row) => ({
    version: text(row, "version"),
    machine: text(row, "machine"),
    link: oneOf(row, "link", ["NVLink", "network"]),
    expertParallel: above(row, "expertParallel"),
    processors: above(row, "processors"),
    dispatchBytesPerSecond: above(row, "dispatchGBps", "GB/s"),
    combineBytesPerSecond: above(row, "combineGBps", "GB/s"),
    measured: oneOf(row, "measured", ["whole", "kernel alone"]),
    source: text(row, "source"),
  }));
}

function rated(row: Row, messageBytes: number, messages: number, messagesPerSecond: number): MessageRate {
  return {
    sweep: text(row, "sweep"),
    messageBytes,
    messages,
    messagesPerSecond,
    bytesPerSecond: messagesPerSecond * messageBytes,
    source: text(row, "source"),
  };
}

function peerRates(row: Row): { readonly loadStoreBytesPerSecond: number; readonly dataMoverBytesPerSecond: number } {
  return { loadStoreBytesPerSecond: above(row, "loadStoreGBps", "GB/s"), dataMoverBytesPerSecond: above(row, "dataMoverGBps", "GB/s") };
}

/** A number above zero, in base units. @throws Error naming file, line and column. */
function above(row: Row, column: string, unit: Unit = "count"): number {
  const value = number(row, column);
  if (value <= 0) throw new Error(`${at(row)}: expected ${column} to be above 0, got ${value}`);
  return toBase(value, unit);
}
