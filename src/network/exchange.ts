import { requirePositive, requirePositiveInteger, requireRecord, requireWord } from "../checks";
import { type Constants, constantsOf, readConstants } from "../data/constants";
import { bf16Bytes } from "../kernels/gemm";
import { pNorm } from "../kernels/p-norm";
import { requireMachine } from "../machine/check-rates";
import { type Hardware, timeFactor } from "../machine/hardware";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import { nearest } from "../text/nearest";
import { collectiveKeys, linkGeneration, scaleUpBytesPerSecond } from "./collective";
import { type ForwardConstants, forwardConstantNames, forwardedTime, usualProcessors } from "./forwarded-exchange";

/** Tokens to their experts, or results back to their tokens. */
export type ExchangeDirection = "dispatch" | "combine";
export const expertExchanges = ["deepep-low-latency", "deepep-high-throughput", "trtllm-one-sided", "trtllm-two-sided"] as const;
export type ExpertExchange = (typeof expertExchanges)[number];

/** What the exchange must know of the layer. */
export interface ExchangeShape {
  readonly hiddenSize: number;
  /** Width that the experts see, where it is not hiddenSize. */
  readonly expertHiddenSize?: number;
  readonly routedExperts: number;
  /** That a token is sent to: a mean where some compute nothing. */
  readonly expertsPerToken: number;
  /** Groups of experts of which a router chooses some first; it chooses among all where these are absent. */
  readonly expertGroups?: number;
  readonly chosenGroups?: number;
}

/** One dispatch or combine of one layer, seen from one GPU of the group. */
export interface ExchangeQuestion {
  readonly direction: ExchangeDirection;
  readonly model: ExchangeShape;
  readonly hardware: Hardware;
  /** Tokens of one GPU. */
  readonly tokens: number;
  readonly expertParallel: number;
  /** DeepEP's low-latency kernels if left out, whatever their buffers hold. */
  readonly implementation?: ExpertExchange;
  /** Of a GPU, that the normal exchange runs on; DeepEP's own choice of 20 if left out. */
  readonly exchangeProcessors?: number;
  /** Format that tokens are dispatched in; they come back in BF16. FP8 with a scale every 128 if left out. */
  readonly weightFormat?: string;
}

/** The time of a dispatch or combine on one GPU, its lower bound, and what it is made of. */
export interface ExchangeTime {
  /** The slower of the two links at datasheet bandwidth: no constant fitted. */
  readonly floorSeconds: number;
  readonly seconds: number;
  readonly latencySeconds: number;
  /** What the processors do by themselves: of the latency, the part inside a node. The rest waits for the links. */
  readonly processorSeconds: number;
  readonly scaleUpSeconds: number;
  readonly networkSeconds: number;
  readonly bound: "latency" | "messages" | "scale-up" | "network";
  /** Bytes that leave the GPU over either link. */
  readonly bytes: number;
  /** Of them, those over the network. */
  readonly networkBytes: number;
  readonly messages: number;
  readonly messageBytes: number;
}

/** DeepEP's low-latency kernels inside a node, one set a generation and direction. */
export const scaleUpConstantNames = [
  "fixedSeconds",
  "secondsPerExpert",
  "secondsPerMessage",
  "efficiency",
  "secondsPerToken",
  "overlapExponent",
] as const;
export type ScaleUpConstants = Constants<(typeof scaleUpConstantNames)[number]>;

/** The same across nodes, over network cards that the GPU drives itself; both directions share the card. */
export const networkConstantNames = [
  "dispatchSeconds",
  "dispatchDoublingSeconds",
  "combineSeconds",
  "combineDoublingSeconds",
  "efficiency",
  "secondsPerMessage",
] as const;
export type NetworkConstants = Constants<(typeof networkConstantNames)[number]>;

/** TensorRT-LLM's all-to-all over NVLink, one copy per rank: prepare (dispatch) and move. */
export const copyConstantNames = ["fixedSeconds", "doublingSeconds", "efficiency", "memoryPasses"] as const;
export type CopyConstants = Constants<(typeof copyConstantNames)[number]>;

/** Fitted constants of exchanges by implementation: inside a scale-up domain, across nodes, and for copies. */
export interface ExchangeTables {
  readonly scaleUp: ReadonlyMap<string, ScaleUpConstants>;
  readonly network: ReadonlyMap<string, NetworkConstants>;
  readonly copy: ReadonlyMap<string, CopyConstants>;
  readonly forward: ReadonlyMap<string, ForwardConstants>;
}

/**
 * Time one dispatch or combine of a mixture-of-experts layer.
 *
 * DeepEP low latency sends one message per token and expert, also to experts of the same GPU's node mates:
 *
 *     inside a node: ((fixed + perExpert E)^p + max(T k share (message + bytes / (link e)), T perToken / senders)^p)^(1/p)
 *     across nodes:  max(fixed + perExpert E, seconds + doubling log2(nodes)) + max(the same without its latency, T k share' max(message', bytes / (network e')))
 *
 * T tokens per GPU, k experts per token, E experts in all; share = part of the experts on other GPUs of the node, share' on
 * other nodes; senders = processors that the kernel uses, ceil(E / ceil(E / processors)). TensorRT-LLM sends one copy
 * a rank, however many of its experts want it:
 *
 *     seconds + doubling log2(gpus) + T min(k, gpus) share bytes / (link e) + T passes bytes / bandwidth
 *
 * DeepEP's normal kernels send one to each node that a token reaches, and forward it there: see forwardedTime.
 *
 * Routing is taken as even and all GPUs as starting together; waiting for the slowest is not in it, so a busy cluster
 * is slower. Two nodes or more need the network: DeepEP alone.
 *
 * @throws RangeError for counts that are not positive integers, more GPUs than experts, missing links or constants.
 */
export function expertExchangeTime(question: ExchangeQuestion, constants: ExchangeTables = tables()): ExchangeTime {
  const { direction, model, tokens, expertParallel, implementation = "deepep-low-latency" } = question;
  requireRecord("model", model, "a model, or a shape with hiddenSize, routedExperts and expertsPerToken");
  requireMachine(question.hardware);
  requireWord("direction", direction, ["dispatch", "combine"]);
  if (!expertExchanges.includes(implementation))
    throw new RangeError(
      `unknown implementation "${String(implementation)}"; nearest: ${nearest(String(implementation), expertExchanges).join(", ")}`,
    );
  requirePositiveInteger("tokens", tokens);
  requirePositiveInteger("expertParallel", expertParallel);
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("routedExperts", model.routedExperts);
  requirePositive("expertsPerToken", model.expertsPerToken);
  if (expertParallel > model.routedExperts) {
    throw new RangeError(`expertParallel must be at most routedExperts, got ${expertParallel} for ${model.routedExperts} experts`);
  }
  if (question.weightFormat !== undefined) lookUpFormat(question.weightFormat);
  if (expertParallel === 1) return nothing;
  if (implementation === "deepep-low-latency") return lowLatency(question, constants);
  return implementation === "deepep-high-throughput" ? normal(question, constants) : copies(question, implementation, direction, constants);
}

/** DeepEP's normal kernels: copies to nodes, forwarded there. */
function normal(question: ExchangeQuestion, constants: ExchangeTables): ExchangeTime {
  const { direction, model, hardware, tokens, expertParallel, weightFormat, exchangeProcessors = usualProcessors } = question;
  requirePositiveInteger("exchangeProcessors", exchangeProcessors);
  const node = Math.min(expertParallel, hardware.scaleUpDomain ?? expertParallel);
  const network = hardware.networkBytesPerSecond;
  if (node < expertParallel && network === undefined)
    throw new RangeError(`${hardware.id} has no networkBytesPerSecond, which expertParallel ${expertParallel} needs`);
  const each = messageBytes(direction, model.expertHiddenSize ?? model.hiddenSize, weightFormat);
  const time = forwardedTime(constantsOf(constants.forward, `deepep-high-throughput ${direction} Hopper`), {
    tokens,
    bytesEach: each,
    ranks: expertParallel,
    node,
    choice: model,
    link: scaleUpBytesPerSecond(hardware),
    network,
    processors: exchangeProcessors,
    latency: timeFactor(hardware, "messageLatency"),
  });
  const { floorSeconds, seconds, latencySeconds, scaleUpSeconds, networkSeconds, bound, messages, farMessages } = time;
  return {
    floorSeconds,
    seconds,
    latencySeconds,
    // The whole time on so many of the processors is as much as all of them for so much of it.
    processorSeconds: seconds * Math.min(1, exchangeProcessors / (hardware.processors ?? middlingProcessors)),
    scaleUpSeconds,
    networkSeconds,
    bound,
    bytes: messages * each,
    networkBytes: farMessages * each,
    messages,
    messageBytes: each,
  };
}

/** Of a machine whose record does not say. */
const middlingProcessors = 128;

/** Bytes of one token on the wire: FP8 with scales and a header on the way out, BF16 on the way back. */
export function messageBytes(direction: ExchangeDirection, hiddenSize: number, format = "fp8_block"): number {
  if (direction === "combine") return bf16Bytes * hiddenSize;
  return hiddenSize * lookUpFormat(format).activationBytes + headerBytes;
}

/** Source index and padding of a dispatched token. */
const headerBytes = 16;

/** Names of the constants, written out: a name put together anew costs as much as the rest of an exchange. */
const lowLatencyNames = {
  dispatch: { Hopper: "deepep-low-latency dispatch Hopper", Blackwell: "deepep-low-latency dispatch Blackwell" },
  combine: { Hopper: "deepep-low-latency combine Hopper", Blackwell: "deepep-low-latency combine Blackwell" },
} as const;

function lowLatency(
  { direction, model, hardware, tokens, expertParallel, weightFormat }: ExchangeQuestion,
  constants: ExchangeTables,
): ExchangeTime {
  const { routedExperts, expertsPerToken } = model;
  const link = scaleUpBytesPerSecond(hardware);
  const node = Math.min(expertParallel, hardware.scaleUpDomain ?? expertParallel);
  const nodes = Math.ceil(expertParallel / node);
  const each = messageBytes(direction, model.expertHiddenSize ?? model.hiddenSize, weightFormat);
  // DeepEP runs on Hopper and later: for an older machine its Hopper constants answer "what if".
  const generation = linkGeneration(hardware.generation) === "Blackwell" ? "Blackwell" : "Hopper";
  const c = constantsOf(constants.scaleUp, lowLatencyNames[direction][generation]);
  const inNode = (tokens * expertsPerToken * (node - 1)) / expertParallel;
  const far = (tokens * expertsPerToken * (expertParallel - node)) / expertParallel;
  const latency = timeFactor(hardware, "messageLatency");
  const message = timeFactor(hardware, "messages");
  const local = latency * (c.fixedSeconds + c.secondsPerExpert * routedExperts);
  const messageSeconds = inNode * c.secondsPerMessage * message;
  const linkSeconds = (inNode * each) / (link * c.efficiency);
  const rateSeconds = (message * tokens * c.secondsPerToken) / senders(routedExperts, hardware.processors ?? middlingProcessors);
  const scaleUpSeconds = Math.max(messageSeconds + linkSeconds, rateSeconds);
  const floorScaleUp = (inNode * each) / link;
  const messages = inNode + far;
  const bytes = messages * each;
  const networkBytes = far * each;
  if (nodes === 1) {
    const p = c.overlapExponent;
    const seconds = Math.max(floorScaleUp, pNorm(local, scaleUpSeconds, p));
    const bound =
      local >= scaleUpSeconds ? "latency" : linkSeconds >= Math.max(messageSeconds, rateSeconds - messageSeconds) ? "scale-up" : "messages";
    return {
      floorSeconds: floorScaleUp,
      seconds,
      latencySeconds: local,
      networkSeconds: 0,
      bound,
      processorSeconds: local,
      scaleUpSeconds,
      bytes,
      networkBytes,
      messages,
      messageBytes: each,
    };
  }
  const network = hardware.networkBytesPerSecond;
  if (network === undefined)
    throw new RangeError(`${hardware.id} has no networkBytesPerSecond, which expertParallel ${expertParallel} needs`);
  const net = constantsOf(constants.network, "deepep-low-latency network Hopper");
  const doublings = Math.log2(nodes);
  const [fixed, doubling] =
    direction === "dispatch" ? [net.dispatchSeconds, net.dispatchDoublingSeconds] : [net.combineSeconds, net.combineDoublingSeconds];
  // The pass over all experts is the same whichever way tokens leave.
  const latencySeconds = Math.max(local, latency * (fixed + doubling * doublings));
  const networkSeconds = far * Math.max(net.secondsPerMessage * message, each / (network * net.efficiency));
  const floorSeconds = Math.max(floorScaleUp, (far * each) / network);
  const transfer = Math.max(scaleUpSeconds, networkSeconds);
  const bound = latencySeconds >= transfer ? "latency" : networkSeconds >= scaleUpSeconds ? "network" : "scale-up";
  return {
    floorSeconds,
    seconds: Math.max(floorSeconds, latencySeconds + transfer),
    latencySeconds,
    networkSeconds,
    bound,
    processorSeconds: local,
    scaleUpSeconds,
    bytes,
    networkBytes,
    messages,
    messageBytes: each,
  };
}

/** Processors that DeepEP's low-latency kernels run on: experts are dealt to them in equal groups. */
export function senders(experts: number, processors: number): number {
  return Math.ceil(experts / Math.ceil(experts / processors));
}

function copies(
  question: ExchangeQuestion,
  implementation: ExpertExchange,
  direction: ExchangeDirection,
  constants: ExchangeTables,
): ExchangeTime {
  const { model, hardware, tokens, expertParallel, weightFormat } = question;
  const link = scaleUpBytesPerSecond(hardware);
  const domain = hardware.scaleUpDomain ?? expertParallel;
  if (expertParallel > domain)
    throw new RangeError(`expertParallel must be at most the ${domain} that the link of ${hardware.id} joins, got ${expertParallel}`);
  const hidden = model.expertHiddenSize ?? model.hiddenSize;
  const each = copyBytes(direction, hidden, weightFormat);
  const ranks = Math.min(model.expertsPerToken, expertParallel);
  const c = constantsOf(constants.copy, `${implementation} ${direction} Blackwell`);
  const latencySeconds = timeFactor(hardware, "messageLatency") * (c.fixedSeconds + c.doublingSeconds * Math.log2(expertParallel));
  const messages = (tokens * ranks * (expertParallel - 1)) / expertParallel;
  const floorSeconds = (messages * each) / link;
  const scaleUpSeconds = floorSeconds / c.efficiency + (tokens * each * c.memoryPasses) / hardware.memoryBytesPerSecond;
  return {
    floorSeconds,
    seconds: Math.max(floorSeconds, latencySeconds + scaleUpSeconds),
    latencySeconds,
    processorSeconds: latencySeconds,
    scaleUpSeconds,
    networkSeconds: 0,
    bound: latencySeconds >= scaleUpSeconds ? "latency" : "scale-up",
    bytes: messages * each,
    networkBytes: 0,
    messages,
    messageBytes: each,
  };
}

/** Bytes of one copy of a token in TensorRT-LLM's all-to-all: no header in the row, scales beside it. */
export function copyBytes(direction: ExchangeDirection, hiddenSize: number, format = "fp8_block"): number {
  return direction === "combine" ? bf16Bytes * hiddenSize : hiddenSize * lookUpFormat(format).activationBytes;
}

const nothing: ExchangeTime = {
  floorSeconds: 0,
  seconds: 0,
  latencySeconds: 0,
  processorSeconds: 0,
  scaleUpSeconds: 0,
  networkSeconds: 0,
  bound: "latency",
  bytes: 0,
  networkBytes: 0,
  messages: 0,
  messageBytes: 0,
};

let read: ExchangeTables | undefined;

function tables(): ExchangeTables {
  read ??= {
    scaleUp: readConstants("collectives.csv", collectiveKeys, scaleUpConstantNames, "messages inside a node"),
    network: readConstants("collectives.csv", collectiveKeys, networkConstantNames, "messages across nodes"),
    copy: readConstants("collectives.csv", collectiveKeys, copyConstantNames, "copies to ranks"),
    forward: readConstants("collectives.csv", collectiveKeys, forwardConstantNames, "copies to nodes"),
  };
  return read;
}
