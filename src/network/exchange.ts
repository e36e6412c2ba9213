import { requirePositive, requirePositiveInteger, requireRecord, requireWord } from "../checks";
import { constantsOf } from "../data/constants";
import { pNorm } from "../kernels/p-norm";
import { requireMachine } from "../machine/check-rates";
import { type Hardware, timeFactor } from "../machine/hardware";
import { weightFormat as lookUpFormat } from "../machine/number-formats";
import { nearest } from "../text/nearest";
import { linkGeneration, scaleUpBytesPerSecond } from "./collective";
import { type ExchangeTables, exchangeTables } from "./exchange-constants";
import { forwardedPlan, usualProcessors } from "./forwarded-exchange";
import { copyBytes, type ExchangeDirection, messageBytes } from "./message-bytes";

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
 * DeepEP's normal kernels send one to each node that a token reaches, and forward it there: see forwardedPlan.
 *
 * Routing is taken as even and all GPUs as starting together; waiting for the slowest is not in it, so a busy cluster
 * is slower. Two nodes or more need the network: DeepEP alone.
 *
 * @throws RangeError for counts that are not positive integers, more GPUs than experts, missing links or constants.
 */
export function expertExchangeTime(question: ExchangeQuestion, constants: ExchangeTables = exchangeTables()): ExchangeTime {
  const time = expertExchangePlan(question, constants);
  requirePositiveInteger("tokens", question.tokens);
  return time(question.tokens);
}

/** A dispatch or combine of any number of tokens. */
type SettledExchange = Omit<ExchangeQuestion, "tokens">;

/** A dispatch or combine whose layer, machine and ranks are settled: only its tokens are left to give. */
export type ExchangePlan = (tokens: number) => ExchangeTime;

/** expertExchangeTime with all but the tokens settled once, for many numbers of them. @throws RangeError as expertExchangeTime. */
export function expertExchangePlan(question: SettledExchange, constants: ExchangeTables = exchangeTables()): ExchangePlan {
  const { direction, model, expertParallel, implementation = "deepep-low-latency" } = question;
  requireRecord("model", model, "a model, or a shape with hiddenSize, routedExperts and expertsPerToken");
  requireMachine(question.hardware);
  requireWord("direction", direction, ["dispatch", "combine"]);
  if (!expertExchanges.includes(implementation))
    throw new RangeError(
      `unknown implementation "${String(implementation)}"; nearest: ${nearest(String(implementation), expertExchanges).join(", ")}`,
    );
  requirePositiveInteger("expertParallel", expertParallel);
  requirePositiveInteger("hiddenSize", model.hiddenSize);
  requirePositiveInteger("routedExperts", model.routedExperts);
  requirePositive("expertsPerToken", model.expertsPerToken);
  if (expertParallel > model.routedExperts) {
    throw new RangeError(`expertParallel must be at most routedExperts, got ${expertParallel} for ${model.routedExperts} experts`);
  }
  if (question.weightFormat !== undefined) lookUpFormat(question.weightFormat);
  if (expertParallel === 1) return () => nothing;
  if (implementation === "deepep-low-latency") return lowLatency(question, constants);
  return implementation === "deepep-high-throughput" ? normal(question, constants) : copies(question, implementation, constants);
}

/** DeepEP's normal kernels: copies to nodes, forwarded there. */
function normal(question: SettledExchange, constants: ExchangeTables): ExchangePlan {
  const { direction, model, hardware, expertParallel, weightFormat, exchangeProcessors = usualProcessors } = question;
  requirePositiveInteger("exchangeProcessors", exchangeProcessors);
  const node = Math.min(expertParallel, hardware.scaleUpDomain ?? expertParallel);
  const network = hardware.networkBytesPerSecond;
  if (node < expertParallel && network === undefined)
    throw new RangeError(`${hardware.id} has no networkBytesPerSecond, which expertParallel ${expertParallel} needs`);
  const each = messageBytes(direction, model.expertHiddenSize ?? model.hiddenSize, weightFormat);
  const plan = forwardedPlan(constantsOf(constants.forward, `deepep-high-throughput ${direction} Hopper`), {
    bytesEach: each,
    ranks: expertParallel,
    node,
    choice: model,
    link: scaleUpBytesPerSecond(hardware),
    network,
    processors: exchangeProcessors,
    latency: timeFactor(hardware, "messageLatency"),
  });
  // The whole time on so many of the processors is as much as all of them for so much of it.
  const share = Math.min(1, exchangeProcessors / (hardware.processors ?? middlingProcessors));
  return (tokens) => {
    const { floorSeconds, seconds, latencySeconds, scaleUpSeconds, networkSeconds, bound, messages, farMessages } = plan(tokens);
    return {
      floorSeconds,
      seconds,
      latencySeconds,
      processorSeconds: seconds * share,
      scaleUpSeconds,
      networkSeconds,
      bound,
      bytes: messages * each,
      networkBytes: farMessages * each,
      messages,
      messageBytes: each,
    };
  };
}

/** Of a machine whose record does not say. */
const middlingProcessors = 128;

function lowLatency(question: SettledExchange, constants: ExchangeTables): ExchangePlan {
  const { direction, model, hardware, expertParallel, weightFormat } = question;
  const { routedExperts, expertsPerToken } = model;
  const link = scaleUpBytesPerSecond(hardware);
  const node = Math.min(expertParallel, hardware.scaleUpDomain ?? expertParallel);
  const each = messageBytes(direction, model.expertHiddenSize ?? model.hiddenSize, weightFormat);
  // DeepEP runs on Hopper and later: for an older machine its Hopper constants answer "what if".
  const generation = linkGeneration(hardware.generation) === "Blackwell" ? "Blackwell" : "Hopper";
  const c = constantsOf(constants.scaleUp, `deepep-low-latency ${direction} ${generation}`);
  const message = timeFactor(hardware, "messages");
  const local = timeFactor(hardware, "messageLatency") * (c.fixedSeconds + c.secondsPerExpert * routedExperts);
  const processors = senders(routedExperts, hardware.processors ?? middlingProcessors);
  const network = node === expertParallel ? undefined : acrossNodes(question, Math.ceil(expertParallel / node), each, constants);
  return (tokens) => {
    const inNode = (tokens * expertsPerToken * (node - 1)) / expertParallel;
    const far = (tokens * expertsPerToken * (expertParallel - node)) / expertParallel;
    const messageSeconds = inNode * c.secondsPerMessage * message;
    const linkSeconds = (inNode * each) / (link * c.efficiency);
    const rateSeconds = (message * tokens * c.secondsPerToken) / processors;
    const scaleUpSeconds = Math.max(messageSeconds + linkSeconds, rateSeconds);
    const floorScaleUp = (inNode * each) / link;
    const messages = inNode + far;
    const bytes = messages * each;
    const networkBytes = far * each;
    if (network === undefined) {
      const seconds = Math.max(floorScaleUp, pNorm(local, scaleUpSeconds, c.overlapExponent));
      const byLink = linkSeconds >= Math.max(messageSeconds, rateSeconds - messageSeconds);
      return {
        floorSeconds: floorScaleUp,
        seconds,
        latencySeconds: local,
        networkSeconds: 0,
        bound: local >= scaleUpSeconds ? "latency" : byLink ? "scale-up" : "messages",
        processorSeconds: local,
        scaleUpSeconds,
        bytes,
        networkBytes,
        messages,
        messageBytes: each,
      };
    }
    // The pass over all experts is the same whichever way tokens leave.
    const latencySeconds = Math.max(local, network.latencySeconds);
    const networkSeconds = far * network.messageSeconds;
    const floorSeconds = Math.max(floorScaleUp, networkBytes / network.bytesPerSecond);
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
  };
}

/** What a network between nodes adds: its rate, its latency, and the time of each message. */
function acrossNodes({ direction, hardware, expertParallel }: SettledExchange, nodes: number, each: number, constants: ExchangeTables) {
  const bytesPerSecond = hardware.networkBytesPerSecond;
  if (bytesPerSecond === undefined)
    throw new RangeError(`${hardware.id} has no networkBytesPerSecond, which expertParallel ${expertParallel} needs`);
  const net = constantsOf(constants.network, "deepep-low-latency network Hopper");
  const [fixed, doubling] =
    direction === "dispatch" ? [net.dispatchSeconds, net.dispatchDoublingSeconds] : [net.combineSeconds, net.combineDoublingSeconds];
  return {
    bytesPerSecond,
    latencySeconds: timeFactor(hardware, "messageLatency") * (fixed + doubling * Math.log2(nodes)),
    messageSeconds: Math.max(net.secondsPerMessage * timeFactor(hardware, "messages"), each / (bytesPerSecond * net.efficiency)),
  };
}

/** Processors that DeepEP's low-latency kernels run on: experts are dealt to them in equal groups. */
export function senders(experts: number, processors: number): number {
  return Math.ceil(experts / Math.ceil(experts / processors));
}

function copies(question: SettledExchange, implementation: ExpertExchange, constants: ExchangeTables): ExchangePlan {
  const { direction, model, hardware, expertParallel, weightFormat } = question;
  const link = scaleUpBytesPerSecond(hardware);
  const domain = hardware.scaleUpDomain ?? expertParallel;
  if (expertParallel > domain)
    throw new RangeError(`expertParallel must be at most the ${domain} that the link of ${hardware.id} joins, got ${expertParallel}`);
  const hidden = model.expertHiddenSize ?? model.hiddenSize;
  const each = copyBytes(direction, hidden, weightFormat);
  const ranks = Math.min(model.expertsPerToken, expertParallel);
  const c = constantsOf(constants.copy, `${implementation} ${direction} Blackwell`);
  const latencySeconds = timeFactor(hardware, "messageLatency") * (c.fixedSeconds + c.doublingSeconds * Math.log2(expertParallel));
  return (tokens) => {
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
  };
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
