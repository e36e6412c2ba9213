import { peakFlops } from "../../kernels/families";
import { expertWork } from "../../kernels/gemm";
import { roofline } from "../../kernels/roofline";
import { type Hardware, hardware } from "../../machine/hardware";
import { weightFormat } from "../../machine/number-formats";
import type { Model } from "../../model/model";
import { model } from "../../model/registry";
import { trainTraceDurations } from "../../published/tables";
import { meanTokensPerExpert } from "../../routing/uniform";
import { shareByDecade } from "../../step/durations";
import { formatCount, formatNumber, formatSeconds, formatShare } from "../../text/numbers";
import { questionOf, stepNumbers } from "../claim-steps";
import { intervals } from "../intervals";
import { articleDay, sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { definition, fact, notKnown, prevalence } from "../parts/finding";
import { reading } from "../parts/judge-part";
import type { ClaimRule, Part } from "../parts/part";
import { meets } from "../parts/part-words";
import { computedFor, overReleases, releasesName } from "../release-population";
import { releasedFormat } from "../rule-formats";
import { machineOf, overSetUps, serving, wideDecode } from "../set-ups";

/** What the article compares with is not named; the largest open mixture with few wide experts of its year stands for it. */
const coarse = "mixtral-8x22b";

/**
 * Task time. What a task is stays open in the article, so it is read both ways and never averaged: the product of one expert, and what an
 * engine launches. The product is its floor on the machine at a share of the datasheet, without the fixed cost of the layer around it:
 * dividing a layer's time by its experts would give one expert on a GPU the launch and the routing of the whole layer.
 */
export const taskTimeClaim: ClaimRule = {
  id: "0b",
  parts: [
    {
      id: "0b.shrink",
      statement: "The time of one expert falls to a tenth or less, at equal tokens in flight.",
      stance: "asserts",
      scope: "decode, large releases against Mixtral 8x22B",
      kind: "prevalence",
      quantity: "floor of one expert of Mixtral 8x22B over that of the release",
      unit: "ratio",
      threshold: { atLeast: 10, reason: "from 10–100 to 1–10 µs is a factor of ten" },
      by: articleDay,
      stress: 1,
      grade: "D",
      judge: (c) => {
        const place = hardware(c.scenario.hardware);
        const before = expertFloor(model(coarse), place, c.scenario.tokensInFlight);
        const shrink = (m: Model) => before / expertFloor(m, place, c.scenario.tokensInFlight);
        const all = overReleases(releasesName(c), computedFor(c), shrink, meets("ratio", { atLeast: 10 }));
        return prevalence(all, `${formatShare(all.share)} of ${formatCount(all.count)}, ${formatNumber(all.median)} times in the median`);
      },
      say: ({ value }) =>
        value > 1.05 ? `an expert's floor is 1/${formatNumber(value)} of ${model(coarse).name}'s` : "an expert's floor did not fall",
    },
    {
      id: "0b.task",
      statement: "A task of decode takes 1 to 10 µs.",
      stance: "asserts",
      scope: "decode",
      kind: "definition",
      quantity: "time of the shorter product of an expert",
      unit: "s",
      threshold: { atLeast: 1e-6, atMost: 1e-5, reason: "the article's own interval" },
      by: articleDay,
      stress: 2,
      grade: "D",
      judge: (c) =>
        definition([
          reading("the shorter product of one expert", productReading(c)),
          reading("what an engine launches", launchedReading(c)),
        ]),
      say: sayTask,
    },
    {
      id: "0b.training",
      statement: "In training most time is in kernels of 1 to 10 µs, too.",
      stance: "asks",
      scope: "training",
      kind: "fact",
      quantity: "share of the time of a training step in kernels of 1 to 10 µs",
      unit: "share",
      threshold: { atLeast: 0.5, reason: "most of the time" },
      by: articleDay,
      stress: 0,
      judge: trainingShare,
      say: ({ value }) => `in training such kernels hold ${formatShare(value)} of the time`,
    },
  ],
};

/** One product in the interval, in most of the draws of what a product reaches, over set-ups that publish what an expert sees. */
function productReading(c: Context) {
  const [share] = intervals("0b", ["productShare"], c) ?? [];
  const reached = share?.nominal ?? 1;
  const shorter = (s: Parameters<typeof machineOf>[0]) => {
    if (s.tokensPerExpert === undefined) return Number.NaN;
    const [up, down] = productFloors(model(s.model), machineOf(s), Math.max(1, Math.round(s.tokensPerExpert)));
    return Math.min(up, down) / reached;
  };
  const seen = overSetUps(c, wideDecode, shorter, meets("s", { atLeast: 1e-6, atMost: 1e-5 }));
  return prevalence(seen, `${formatShare(seen.share)} of ${formatCount(seen.count)} set-ups, median ${formatSeconds(seen.median)}`);
}

function launchedReading(c: Context) {
  const short = overSetUps(c, serving, (s) => stepNumbers(questionOf(s))?.shortShare ?? Number.NaN, meets("share", { atLeast: 0.5 }));
  return prevalence(short, `most of the step in ${formatShare(short.share)} of ${formatCount(short.count)} set-ups`);
}

function trainingShare({ knownBy }: Context) {
  if (!sourceKnown("deepseekprofile2025", knownBy)) return notKnown("no trace was published");
  const trace = trainTraceDurations()
    .filter((b) => b.count > 0)
    .map((b) => ({ seconds: b.seconds / b.count, count: b.count }));
  const share = shareByDecade(trace)[1]?.timeShare ?? 0;
  return fact(meets("share", { atLeast: 0.5 })(share), share, `${formatShare(share)} of the time of DeepSeek's trace`);
}

/** Floors of both products of one expert with so many rows: datasheet rates, released format. */
export function productFloors(m: Model, place: Hardware, rows: number): readonly [number, number] {
  const format = weightFormat(releasedFormat(m));
  const work = expertWork(m, rows, format);
  const rates = { flopsPerSecond: peakFlops(place, format.arithmetic), bytesPerSecond: place.memoryBytesPerSecond };
  return [roofline(work.upAndGate, rates).seconds, roofline(work.down, rates).seconds];
}

function expertFloor(m: Model, place: Hardware, tokensInFlight: number): number {
  const [up, down] = productFloors(m, place, Math.max(1, Math.round(meanTokensPerExpert(tokensInFlight, m))));
  return up + down;
}

function sayTask({ readings }: Part): string {
  const [product, launched] = readings ?? [];
  if (product === undefined || launched === undefined) return "";
  const shares = [product, launched].map((r) => formatShare(r.probability ?? Number.NaN));
  return `one expert's shorter product takes 1–10 µs in ${shares[0]} of set-ups, most launched time in ${shares[1]}`;
}
