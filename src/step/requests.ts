import { requirePositive, requirePositiveInteger } from "../checks";
import { accessFact } from "../data/accesses";
import { withSelection } from "../model/selection";
import { exchangeMachine } from "./communication";
import { decodeStep } from "./decode";
import { decodeAccesses } from "./decode-accesses";
import { resolveQuestion, type StepQuestion } from "./question";

/** Where requests go. */
export type Tier = "memory" | "scale-up" | "network" | "lookup";

/** Requests of one kind that one GPU makes in a decode step, spread over the step. */
export interface RequestStream {
  readonly name: string;
  readonly tier: Tier;
  readonly requestBytes: number;
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  /** While it runs, for what has a time of its own; else the same as over the step. */
  readonly burstPerSecond: number;
}

export interface StreamQuestion extends StepQuestion {
  /** As decodeAccesses takes it. */
  readonly attention?: "dense" | "sparse";
  /** Rows of a lookup memory read for one token, where the model has one. */
  readonly lookupRowsPerToken?: number;
}

/**
 * Every stream of requests of a decode step, by size and rate.
 *
 *     requestsPerSecond = bytes / requestBytes / seconds of the step
 *
 * A request is one contiguous run as it is stored or sent: a kernel asks for a weight in shorter tiles, a link cuts a message
 * into packets. Exchange goes to the scale-up link inside its domain and to the network beyond, by even
 * routing; an all-reduce of a tensor-parallel group stays on the scale-up link, in pieces of one GPU's part.
 *
 * @example requestStreams({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 64,
 *   contextTokens: 4096, expertParallel: 64 }).map(({ name, requestBytes }) => [name, requestBytes])
 */
export function requestStreams(question: StreamQuestion): readonly RequestStream[] {
  const { attention, lookupRowsPerToken, ...asked } = question;
  if (lookupRowsPerToken !== undefined) requirePositiveInteger("lookupRowsPerToken", lookupRowsPerToken);
  const model = attention === undefined ? question.model : withSelection(question.model, attention);
  const step = decodeStep({ ...asked, model });
  const resolved = resolveQuestion({ ...asked, model });
  const { dataParallel, groupRequests } = resolved;
  const { seconds } = step;
  const stream = (name: string, tier: Tier, requestBytes: number, bytes: number, own = seconds): RequestStream => ({
    name,
    tier,
    requestBytes,
    requestsPerSecond: bytes / requestBytes / seconds,
    bytesPerSecond: bytes / seconds,
    burstPerSecond: bytes / requestBytes / own,
  });
  const exchanged = new Set(["dispatched rows", "combined rows"]);
  const memory = decodeAccesses({ ...asked, model })
    .filter(({ tensor }) => !exchanged.has(tensor))
    .map((a) => stream(a.tensor, "memory", a.runBytes, a.bytes));
  const domain = exchangeMachine(resolved).scaleUpDomain ?? dataParallel;
  const far = Math.max(0, dataParallel - domain) / Math.max(1, dataParallel - 1);
  const links = (["dispatch", "combine"] as const).flatMap((name) => {
    const tasks = step.tasks.filter((task) => task.name === name);
    const [bytes, own] = [sum(tasks.map((task) => task.bytes)), sum(tasks.map((task) => task.seconds))];
    const each = tasks[0]?.runBytes ?? 0;
    const parts = [
      ["scale-up", bytes * (1 - far)],
      ["network", bytes * far],
    ] as const;
    return parts.filter(([, part]) => part > 0).map(([tier, part]) => stream(name, tier, each, part, own));
  });
  const reduces = step.tasks.filter((task) => task.name === "all-reduce");
  const [reduced, reducing] = [sum(reduces.map((task) => task.bytes)), sum(reduces.map((task) => task.seconds))];
  const group = reduces.slice(0, 1).map((task) => stream("all-reduce", "scale-up", task.runBytes, reduced, reducing));
  const rowBytes = accessFact("engram-row", "bytes");
  const lookup =
    lookupRowsPerToken === undefined ? [] : [stream("lookup rows", "lookup", rowBytes, rowBytes * lookupRowsPerToken * groupRequests)];
  return [...memory, ...links, ...group, ...lookup];
}

/** What a memory or link can serve: bytes and requests per second. */
export interface TierLimit {
  readonly name: string;
  readonly bytesPerSecond: number;
  readonly requestsPerSecond: number;
}

/** How near a stream comes to either limit of what serves it. */
export interface Binding {
  /** bytesPerSecond / requestsPerSecond of the limit: smaller requests meet the rate first. */
  readonly breakEvenBytes: number;
  readonly bandwidthShare: number;
  readonly rateShare: number;
  readonly binds: "bandwidth" | "requests";
}

/**
 * Which limit a stream of requests of one size meets first as it grows.
 *
 *     requests when requestBytes < bytesPerSecond / requestsPerSecond of the limit
 *
 * @throws RangeError unless all are positive.
 * @example bindingLimit(64, 1e9, { name: "a card", bytesPerSecond: 50e9, requestsPerSecond: 200e6 }).binds // "requests"
 */
export function bindingLimit(requestBytes: number, requestsPerSecond: number, limit: TierLimit): Binding {
  requirePositive("requestBytes", requestBytes);
  requirePositive("requestsPerSecond", requestsPerSecond);
  requirePositive("bytesPerSecond", limit.bytesPerSecond);
  requirePositive("requestsPerSecond of the limit", limit.requestsPerSecond);
  const breakEvenBytes = limit.bytesPerSecond / limit.requestsPerSecond;
  const binds = requestBytes < breakEvenBytes ? "requests" : "bandwidth";
  return {
    breakEvenBytes,
    bandwidthShare: (requestBytes * requestsPerSecond) / limit.bytesPerSecond,
    rateShare: requestsPerSecond / limit.requestsPerSecond,
    binds,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
