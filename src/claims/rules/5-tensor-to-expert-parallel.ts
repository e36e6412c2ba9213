import { hardware } from "../../machine/hardware";
import type { Model } from "../../model/model";
import { model } from "../../model/registry";
import { expertParallelTraffic } from "../../network/split";
import { publishedSetUps, setUpClassWords } from "../../published/deployments";
import { resources } from "../../step/resources";
import { formatBytes, formatCount, formatNumber, formatShare } from "../../text/numbers";
import { questionOf, stepNumbers } from "../claim-steps";
import { articleDay, isKnown } from "../known-by";
import type { Context } from "../parts/context";
import { prevalence } from "../parts/finding";
import type { ClaimRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { populationOf } from "../parts/population";
import { denseQuestion, stepWorth, worthOverDense } from "../set-up-worth";
import { type AskedSetUp, overSetUps, wideDecode } from "../set-ups";

/** Requests per GPU from which a set-up is one for throughput. */
const busy = 16;

/** The tensor-parallel replica that a cluster would run instead: one node of eight. */
const replica = { expertParallel: 1, tensorParallel: 8 } as const;

/**
 * Experts over tensors: throughput of a GPU in a wide group over that in replicas of eight GPUs with every matrix cut, both by the decode
 * step. The alternative that nobody builds, matrices cut over the whole group, decides nothing.
 */
export const parallelismClaim: ClaimRule = {
  id: "5",
  parts: [
    {
      id: "5.rate",
      statement: "Dealing out experts gives more tokens per GPU than replicas of eight GPUs with every matrix cut.",
      stance: "asserts",
      scope: `decode, ${busy} requests per GPU and more`,
      kind: "prevalence",
      quantity: "tokens per second and GPU, experts dealt out over replicas of eight",
      unit: "ratio",
      threshold: { atLeast: 1, reason: "the better of the two" },
      by: articleDay,
      stress: 2,
      grade: "D",
      judge: rate,
      say: ({ value, population }) =>
        population === undefined ? "" : `dealt-out experts serve ${formatNumber(value)} times the tokens of matrices cut over eight GPUs`,
    },
    {
      id: "5.adopted",
      statement: "Deployments over a network or a rack deal out experts over eight ranks or more.",
      stance: "asserts",
      scope: "decode and training over more than one node, published since",
      kind: "prevalence",
      quantity: "expert-parallel degree",
      unit: "rank",
      threshold: { atLeast: 8, reason: "beyond what one node of eight holds with a tensor-parallel degree of one" },
      by: "2026-06-30",
      stress: 2,
      judge: adopted,
      say: ({ probability = 0, population }) =>
        population === undefined ? "" : `${formatShare(probability)} of wide deployments deal out`,
    },
    {
      id: "5.messages",
      statement: "The exchange is of small pieces: a message of at most 16 KiB.",
      stance: "asserts",
      scope: "decode",
      kind: "prevalence",
      quantity: "bytes of a message of the exchange",
      unit: "B",
      threshold: { atMost: 16_384, reason: "between the grain of a network (4 KB and up) and the article's old 64 KB" },
      by: articleDay,
      stress: 1,
      grade: "D",
      judge: (c) => {
        const bytes = (s: AskedSetUp) => expertParallelTraffic({ model: model(s.model), tokensPerGpu: 1, gpus: 8 }).messageBytes;
        const all = overSetUps(c, wideDecode, bytes, meets("B", { atMost: 16_384 }));
        return prevalence(all, `${formatBytes(all.median)} in the median of ${formatCount(all.count)} set-ups`);
      },
      say: ({ value }) => `messages are of ${formatBytes(value)}`,
    },
    {
      id: "5.worth",
      statement: "The scale-up link is worth less to wide decode than to a dense model cut over eight GPUs in the same place.",
      stance: "asserts",
      scope: "decode over a network or a rack",
      kind: "prevalence",
      quantity: "worth of the scale-up link over that to a dense model",
      unit: "ratio",
      threshold: { atMost: 1, reason: "what weakens is worth less than it was" },
      by: articleDay,
      stress: 1,
      grade: "D",
      judge: linkWorth,
      say: ({ probability = 0, population }) =>
        population === undefined ? "" : `the scale-up link is worth less in ${formatShare(probability)}`,
    },
    {
      id: "5.links",
      statement:
        "Scale-up link and network together are worth more to wide decode than to a dense model cut over eight GPUs in the same place.",
      stance: "asks",
      scope: "decode over a network or a rack",
      kind: "prevalence",
      quantity: "worth of both links over that to a dense model",
      unit: "ratio",
      threshold: { atLeast: 1, reason: "what grows counts for more than it did" },
      by: articleDay,
      stress: 0,
      grade: "D",
      judge: linksWorth,
      say: () => "",
    },
    {
      id: "5.node",
      statement: "Inside one node experts are dealt out, too.",
      stance: "asks",
      scope: "serving in one node, published since",
      kind: "prevalence",
      quantity: "expert-parallel degree",
      unit: "rank",
      threshold: { atLeast: 8, reason: "as above" },
      by: "2026-06-30",
      stress: 0,
      judge: (c) => degrees(c, "published serving set-ups in one node, since the article", ["one-node"]),
      say: ({ probability = 0, population }) => (population === undefined ? "" : `in one node ${formatShare(probability)}`),
    },
  ],
};

function linkWorth(c: Context) {
  const all = overSetUps(
    c,
    wideDecode,
    (s) => worthOverDense(s, "scaleUpBandwidth", resources.scaleUpBandwidth),
    meets("ratio", { atMost: 1 }),
  );
  return prevalence(all, `${formatNumber(all.median)} times in the median of ${formatCount(all.count)} set-ups`);
}

function linksWorth(c: Context) {
  const both = (question: Parameters<typeof stepWorth>[0]) =>
    stepWorth(question, "scaleUpBandwidth", resources.scaleUpBandwidth) +
    stepWorth(question, "networkBandwidth", resources.networkBandwidth);
  const all = overSetUps(c, wideDecode, (s) => both(questionOf(s)) / both(denseQuestion(s)), meets("ratio", { atLeast: 1 }));
  return prevalence(all, `${formatNumber(all.median)} times in the median of ${formatCount(all.count)} set-ups`);
}

/** Throughput of a set-up over that of replicas of eight with as many requests per GPU. */
export function overReplicas(s: AskedSetUp): number {
  const wide = stepNumbers(questionOf(s));
  const cut = stepNumbers(questionOf({ ...s, ...replica, gpus: 8 }));
  return wide === undefined || cut === undefined ? Number.NaN : wide.tokensPerSecondPerGpu / cut.tokensPerSecondPerGpu;
}

/**
 * Fewest requests per GPU from which dealing out experts is the faster, of the powers of two to 256; undefined where it never is.
 *
 * @example crossingRequests(model("deepseek-v3"), "h200-sxm") // requests of a GPU from which experts dealt out serve more
 */
export function crossingRequests(m: Model, machineId: string, expertParallel = 64, contextTokens = 4096): number | undefined {
  const place = hardware(machineId);
  const degree = Math.min(expertParallel, m.routedExperts);
  for (let requestsPerGpu = 1; requestsPerGpu <= 256; requestsPerGpu *= 2) {
    const question = { model: m, hardware: place, requestsPerGpu, contextTokens };
    const wide = stepNumbers({ ...question, expertParallel: degree, tensorParallel: 1 });
    const cut = stepNumbers({ ...question, ...replica });
    if (wide !== undefined && cut !== undefined && wide.tokensPerSecondPerGpu > cut.tokensPerSecondPerGpu) return requestsPerGpu;
  }
  return undefined;
}

function rate(c: Context) {
  const choice = { ...wideDecode, name: `${wideDecode.name}, ${busy} requests per GPU and more` };
  const ratio = (s: AskedSetUp) => ((s.requestsPerGpu ?? 0) < busy || (s.expertParallel ?? 1) < 2 ? Number.NaN : overReplicas(s));
  const all = overSetUps(c, choice, ratio, meets("ratio", { atLeast: 1 }));
  const crossing = crossingRequests(model(c.scenario.model), c.scenario.hardware);
  const from = crossing === undefined ? "at no number of requests" : `from ${formatCount(crossing)} requests per GPU on`;
  return prevalence(
    all,
    `${formatShare(all.share)} of ${formatCount(all.count)} set-ups, ${formatNumber(all.median)} times in the median; for example ${model(c.scenario.model).name} on ${hardware(c.scenario.hardware).name} over 64 GPUs ${from}`,
  );
}

function adopted(c: Context) {
  return degrees(c, "published deployments over a network or a rack, since the article", [
    "ib-cluster",
    "rack-throughput",
    "rack-latency",
    "training",
  ]);
}

function degrees({ knownBy }: Context, name: string, groups: readonly string[]) {
  const rows = publishedSetUps().filter(
    (s) =>
      s.weight > 0 &&
      s.phase !== "prefill" &&
      groups.includes(s.group) &&
      s.expertParallel !== undefined &&
      isKnown(s.date, knownBy) &&
      s.date > articleDay &&
      s.model !== undefined &&
      model(s.model).routedExperts > 0,
  );
  const all = populationOf(
    name,
    rows.map((s) => ({ value: s.expertParallel as number, weight: s.weight, group: s.group })),
    meets("rank", { atLeast: 8 }),
  );
  return prevalence(
    all,
    `${formatShare(all.share)} of ${formatCount(all.count)} (${all.classes.map((k) => `${setUpClassWords(k.name)}: ${formatShare(k.share)}`).join("; ")})`,
  );
}
