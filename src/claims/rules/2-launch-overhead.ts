import { decodeFusions, fusedExperts, trainTraceGaps } from "../../published/fused-kernels";
import { formatCount, formatNumber, formatShare } from "../../text/numbers";
import { questionOf, stepNumbers } from "../claim-steps";
import { articleDay, sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, fact, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule, PartRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { type DenseWidth, denseQuestion, startingShare } from "../set-up-worth";
import { overSetUps, serving, setUpsOf } from "../set-ups";

/** A tenth of the step is what fused kernels and graphs are built for. */
const share = { atLeast: 0.1, reason: "a tenth of the step is what graphs and fused kernels are built for" } as const;

/** The source of data/measurements/decode-fusion.csv. */
const wholeSteps = "tritondistributed2026";

/** What a fused kernel must gain at least. */
const tenthFaster = { atLeast: 1.1, reason: "a tenth, as above" } as const;

/** Requests per GPU up to which a step counts as one of few. */
const few = 4;

/**
 * Starts of tasks, by the same decode step and the same cost of a start as in the notebook on launches, over published set-ups. Removing
 * starts does not refute the author, who asked for operators fused with memory access: that the industry did it is a part of its own.
 */
export const launchOverheadClaim: ClaimRule = {
  id: "2",
  parts: [
    {
      id: "2.acted",
      statement: "Engines were rebuilt to make starts of tasks cheaper or fewer.",
      stance: "asserts",
      scope: "serving engines since",
      kind: "fact",
      quantity: "largest gain of a fused expert layer or step that its makers publish",
      unit: "ratio",
      threshold: tenthFaster,
      by: "2026-06-30",
      stress: 2,
      judge: largestGain,
      say: ({ holds }) => (holds ? "engines now fuse and replay kernels to remove starts" : ""),
    },
    starts("2.stream", "one by one", "streamShare", 2, "asserts"),
    starts("2.graph", "from a captured graph", "graphShare", 1, "asserts"),
    {
      id: "2.worth",
      statement:
        "Starts of kernels and the time between them are worth more to a mixture's decode step than to a dense model's in the same place.",
      stance: "asserts",
      scope: "decode, published serving set-ups, kernels started from a graph",
      kind: "prevalence",
      quantity: "share of a step in starts and between kernels over that of a dense model",
      unit: "ratio",
      threshold: { atLeast: 1, reason: "what becomes important counts for more than it did" },
      by: articleDay,
      stress: 1,
      grade: "D",
      judge: startWorth,
      say: ({ probability = 0, population }) =>
        population === undefined ? "" : `they count for more than in dense models in ${formatShare(probability)}`,
    },
    {
      id: "2.one",
      statement: "A graph saves a tenth of a step of one request, measured.",
      stance: "asks",
      scope: "one request, dense models",
      kind: "fact",
      quantity: "share of a step that a graph saves, least of the published",
      unit: "share",
      threshold: share,
      by: articleDay,
      stress: 0,
      judge: ({ knownBy }) => {
        if (!sourceKnown(wholeSteps, knownBy)) return notKnown("no such step was published");
        const saved = decodeFusions().map((d) => 1 - d.graphSeconds / d.eagerSeconds);
        const least = Math.min(...saved);
        return fact(meets("share", share)(least), least, `${formatShare(least)} to ${formatShare(Math.max(...saved))}`);
      },
      say: () => "",
    },
    {
      id: "2.training",
      statement: "Gaps between kernels are a tenth of a training step.",
      stance: "asks",
      scope: "training",
      kind: "fact",
      quantity: "share of a training step in gaps between kernels",
      unit: "share",
      threshold: share,
      by: articleDay,
      stress: 0,
      judge: ({ knownBy }) => {
        if (!sourceKnown("deepseekprofile2025", knownBy)) return notKnown("no trace was published");
        const gaps = trainTraceGaps().share;
        return fact(meets("share", share)(gaps), gaps, `${formatShare(gaps)} in DeepSeek's trace`);
      },
      say: ({ value }) => `gaps are ${formatShare(value)} of training`,
    },
  ],
};

/** Of the expert layers that were published by the day, and of kernels that are a whole step against a graph. */
function largestGain({ knownBy }: Context): Finding {
  const layers = fusedExperts().filter(({ source }) => sourceKnown(source, knownBy));
  if (layers.length === 0) return notKnown("no fused expert layer was published");
  const steps = sourceKnown(wholeSteps, knownBy) ? decodeFusions().map((d) => d.graphSeconds / d.megakernelSeconds) : [];
  const layer = Math.max(...layers.map(({ gain }) => gain));
  const step = steps.length === 0 ? "" : `, whole-step kernels up to ${formatNumber(Math.max(...steps))} times what a graph does`;
  const largest = Math.max(layer, ...steps);
  return fact(meets("ratio", tenthFaster)(largest), largest, `fused expert layers up to ${formatNumber(layer)} times as fast${step}`);
}

function starts(id: string, how: string, which: "streamShare" | "graphShare", stress: 1 | 2, stance: "asserts"): PartRule {
  const served = which === "streamShare" ? `at most ${few} requests per GPU` : "all batches served";
  return {
    id,
    statement: `Starting kernels ${how} takes a tenth of a decode step or more (${served}).`,
    stance,
    scope: `decode, kernels started ${how}, ${served}`,
    kind: "prevalence",
    quantity: "share of a decode step spent on starting kernels",
    unit: "share",
    threshold: share,
    by: articleDay,
    stress,
    grade: "D",
    judge: (c) => startShare(c, which),
    say: ({ value, population }) =>
      population === undefined
        ? ""
        : which === "streamShare"
          ? `unaided they take ${formatShare(value)} of small steps`
          : `from a graph ${formatShare(value)} over all batches`,
  };
}

/** Every set-up against the largest dense model in its place, whose weights have eight bits; and beside it as narrow as the set-up's. */
function startWorth(c: Context): Finding {
  const over = (width?: DenseWidth) =>
    overSetUps(c, serving, (s) => startingShare(questionOf(s)) / startingShare(denseQuestion(s, width)), meets("ratio", { atLeast: 1 }));
  const [all, alike] = [over(), over("as served")];
  return prevalence(
    all,
    `${formatShare(all.share)} of ${formatCount(all.count)} set-ups, ${formatNumber(all.median)} times in the median; ${formatShare(alike.share)} where the dense model's weights are of the set-up's width and not of eight bits`,
  );
}

/** The share over set-ups; started one by one only where few requests share a GPU, which is where nobody can wait for more. */
export function startShare(c: Context, which: "streamShare" | "graphShare"): Finding {
  const small = which === "streamShare";
  const asked = setUpsOf(c, serving).length;
  const all = overSetUps(
    c,
    small ? { ...serving, name: `${serving.name} of at most ${few} requests per GPU` } : serving,
    (s) => (small && (s.requestsPerGpu ?? Number.NaN) > few ? Number.NaN : (stepNumbers(questionOf(s))?.[which] ?? Number.NaN)),
    meets("share", share),
  );
  return prevalence(
    all,
    `${formatShare(all.median)} of the step in the median of ${formatCount(all.count)} set-ups, ${formatNumber(100 * all.low)} to ${formatNumber(100 * all.high)} % in four of five; of all ${formatCount(asked)} the others ${small ? "have more requests or " : ""}cannot be computed`,
  );
}
