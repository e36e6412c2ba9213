import { weightFormat } from "../../machine/number-formats";
import type { Model } from "../../model/model";
import { trainingPairs } from "../../published/matrix-units";
import { resources } from "../../step/resources";
import { formatCount, formatNumber, formatShare } from "../../text/numbers";
import { intervals, shareBelow } from "../intervals";
import { articleDay, sourceKnown } from "../known-by";
import type { Context } from "../parts/context";
import { type Finding, fact, notApplicable, notKnown, prevalence } from "../parts/finding";
import type { ClaimRule, PartRule } from "../parts/part";
import { meets } from "../parts/part-words";
import { type Member, populationOf } from "../parts/population";
import { computedFor } from "../release-population";
import { narrowestFormat, weightBits } from "../rule-formats";
import { type DenseWidth, worthOverDense } from "../set-up-worth";
import { overSetUps, serving } from "../set-ups";
import { type WideArray, wideArrays } from "../wide-arrays";

/**
 * Large arrays. An array of side A binds before memory does when
 *
 *     bytes per weight < 2 A bandwidth / peak
 *
 * and then one of half the side, of the same peak together, would be up to 2 A bandwidth / (peak bytes) times as fast at few rows. The
 * population is every large release, in the narrowest format that it comes in, on every machine with arrays of 256; the share of the
 * bandwidth that is reached is an interval. Where weights lie on the chip memory is no wall and the array is the first one; no maker with
 * such a chip has published the side of its unit. TPU 8i and 8t were laid out before the article could be read: their 256 columns refute
 * the forecast as it stands, and the next generation tests it once more.
 */
export const arraySizeClaim: ClaimRule = {
  id: "1",
  parts: [
    {
      id: "1.kept",
      statement: "A maker of 256-wide arrays goes back to narrower ones.",
      stance: "asserts",
      scope: "chips announced since",
      kind: "fact",
      quantity: "side of the newest array of the maker that went to 256",
      unit: "column",
      threshold: { atMost: 255, reason: "rubbish would not be built again" },
      by: "2026-06-30",
      stress: 2,
      judge: turnedBack,
      say: ({ value, holds }) => (holds ? "Google went back" : `Google kept ${formatCount(value)}`),
    },
    binding("1.eight", "8 or 16 bits", (bits) => bits >= 8, 2),
    binding("1.four", "4 bits", (bits) => bits === 4, 1),
    {
      id: "1.useless",
      statement: "A 256-wide array loses a quarter or more to a 128-wide one in decode.",
      stance: "asserts",
      scope: "decode, weights read from memory",
      kind: "prevalence",
      quantity: "throughput of arrays of half the side over that of the array",
      unit: "ratio",
      threshold: { atLeast: 1.25, reason: "useless must mean at least a quarter lost" },
      by: articleDay,
      stress: 2,
      grade: "D",
      judge: (c) => overPairs(c, () => true, 1.25),
      say: ({ probability = 0 }) => `the loss is a quarter in ${formatShare(probability)}`,
    },
    {
      id: "1.worth",
      statement: "Arithmetic is worth less to a mixture's decode step than to a dense model's in the same place.",
      stance: "asserts",
      scope: "decode, published serving set-ups",
      kind: "prevalence",
      quantity: "worth of arithmetic (share of one percent more throughput that one percent more of it gives) over that of a dense model",
      unit: "ratio",
      threshold: { atMost: 1, reason: "what loses value is worth less than it was" },
      by: articleDay,
      stress: 1,
      grade: "D",
      judge: arithmeticWorth,
      say: ({ probability = 0, population }) =>
        population === undefined ? "" : `arithmetic is worth less than to dense models in ${formatShare(probability)} of set-ups`,
    },
    {
      id: "1.training",
      statement: "Training of experts loses a tenth more on 256-wide arrays than on 128-wide ones.",
      stance: "asks",
      scope: "training",
      kind: "fact",
      quantity: "rate of experts over the dense rate, 256-wide over 128-wide",
      unit: "ratio",
      threshold: { atMost: 0.9, reason: "a tenth is the least that would decide about hardware" },
      by: articleDay,
      stress: 0,
      judge: trainingRatio,
      say: () => "",
    },
  ],
};

function binding(id: string, bits: string, keep: (bits: number) => boolean, stress: 1 | 2): PartRule {
  return {
    id,
    statement: `With weights of ${bits} the array binds before memory does.`,
    stance: "asserts",
    scope: `decode, models released in ${bits}, machines with arrays of 256`,
    kind: "prevalence",
    quantity: "bytes of a weight below which the array binds, over the bytes of a weight",
    unit: "ratio",
    threshold: { atLeast: 1, reason: "from there on memory is no longer the first wall" },
    by: articleDay,
    stress,
    grade: "D",
    judge: (c) => overPairs(c, keep, 1),
    say: ({ population }) => {
      const on = (population?.classes ?? []).filter((k) => meets("ratio", { atLeast: 1 })(k.median)).map((k) => k.name);
      return on.length === 0
        ? `at ${bits.replace(" or 16", "")} memory binds first`
        : `at ${bits.replace(" or 16", "")} the array binds on ${on.join(", ")}`;
    },
  };
}

function overPairs(c: Context, keep: (bits: number) => boolean, least: number): Finding {
  const [share] = intervals("1", ["memoryShare"], c) ?? [];
  if (share === undefined) return notKnown("no share of bandwidth");
  const machines = machinesOf(c);
  const models = computedFor(c).filter((m) => keep(weightBits(formatOf(c, m))));
  const pairs = machines.flatMap((m) => models.map((r) => ({ m, format: formatOf(c, r) })));
  const members = pairs.map(({ m, format }): Member => ({ value: arrayOverMemory(m, format, share.nominal), weight: 1, group: m.name }));
  const all = populationOf("large releases on machines with arrays of 256", members, meets("ratio", { atLeast: least }));
  if (all.count === 0) return notApplicable("no such pairing of model and machine");
  const held = pairs.reduce((sum, { m, format }) => sum + 1 - shareBelow(share, least / arrayOverMemory(m, format, 1)), 0) / pairs.length;
  const found = `${formatShare(held)} of ${formatCount(all.count)} pairings, ${formatNumber(all.median)} in the median`;
  return { ...prevalence(all, found), probability: held };
}

/** The reader's machine where it has such an array, else all of them. */
function machinesOf({ knownBy, asked }: Context): readonly WideArray[] {
  const all = wideArrays(knownBy);
  const own = all.filter((m) => m.id === asked.hardware);
  return own.length > 0 ? own : all;
}

/**
 * How much sooner the array binds than memory does: above 1 it comes first, and up to 2 it is what arrays of half the side would gain.
 *
 *     2 A bandwidth share / (peak bytes per weight)
 *
 * 16-bit weights count like 8-bit ones: twice the bytes at half the rate. The newest chips multiply BF16 at an eighth of the FP8 rate, so
 * that a row takes longer and fewer of them cover the loading of the next weights: the array binds even later there. 4-bit weights are
 * widened and multiplied in 8 bits.
 *
 * @example arrayOverMemory(wideArrays(newestDay())[0], "fp8_block", 1)
 */
export function arrayOverMemory(machine: WideArray, format: string, memoryShare: number): number {
  const peak = machine.flopsPerSecond * (weightBits(format) === 16 ? 0.5 : 1);
  return (2 * machine.side * machine.bytesPerSecond * memoryShare) / (peak * weightFormat(format).weightBytes);
}

function formatOf(c: Context, m: Model): string {
  return c.asked.weightFormat ?? narrowestFormat(m);
}

/** Every set-up against the largest dense model in its place, whose weights have eight bits; and beside it as narrow as the set-up's. */
function arithmeticWorth(c: Context): Finding {
  const over = (width?: DenseWidth) =>
    overSetUps(c, serving, (s) => worthOverDense(s, "arithmetic", resources.arithmetic, width), meets("ratio", { atMost: 1 }));
  const [all, alike] = [over(), over("as served")];
  return prevalence(
    all,
    `${formatShare(all.share)} of ${formatCount(all.count)} set-ups, ${formatNumber(all.median)} times in the median; ${formatShare(alike.share)} where the dense model's weights are of the set-up's width and not of eight bits`,
  );
}

/** Rates of DeepSeek-V3's training over a dense model's, on arrays of 256 over arrays of 128. */
function trainingRatio({ knownBy }: Context): Finding {
  if (!sourceKnown("tpurecipes2026ironwood", knownBy)) return notKnown("no such runs were published");
  const ratio = (machine: string) =>
    trainingPairs().find((p) => p.machine === machine && p.model === "DeepSeek-V3" && p.format === "bf16")?.ratio ?? Number.NaN;
  const value = ratio("tpu-v7") / ratio("tpu-v5p");
  return fact(
    meets("ratio", { atMost: 0.9 })(value),
    value,
    `${formatNumber(value)} times: ${formatShare(ratio("tpu-v7"), 3)} of the dense rate on TPU7x, ${formatShare(ratio("tpu-v5p"), 3)} on TPU v5p`,
  );
}

/** The newest of Google's chips: the maker that went from 128 to 256. */
function turnedBack({ knownBy }: Context): Finding {
  const google = wideArrays(knownBy).filter((m) => m.maker === "Google");
  const newest = google.at(-1);
  if (newest === undefined) return notKnown("no such chip");
  const since = google.filter((m) => m.announced > articleDay);
  if (since.length === 0) return fact(false, newest.side, `${newest.name}, before the article: ${formatCount(newest.side)}`);
  return fact(newest.side < 256, newest.side, since.map((m) => `${m.name}: ${formatCount(m.side)}`).join(", "));
}
