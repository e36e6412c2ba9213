import { number, readRows } from "../data/rows";
import { source } from "../data/sources";
import { defaultExperts } from "../kernels/default-experts";
import { expertTaskTime, moeLayerTime } from "../kernels/expert-layer";
import { peakFlops } from "../kernels/families";
import { expertWork } from "../kernels/gemm";
import { roofline } from "../kernels/roofline";
import { hardware } from "../machine/hardware";
import { weightFormat } from "../machine/number-formats";
import { model } from "../model/registry";
import { type Deployment, deployments, trainTraceDurations } from "../published/tables";
import { busiestOverMean } from "../routing/busiest-gpu";
import { meanTokensPerExpert } from "../routing/uniform";
import { tileRowBytes } from "../step/accesses";
import { decodeStep } from "../step/decode";
import { shareByDecade, timedTasks } from "../step/durations";
import { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from "../text/numbers";
import { balanceConditions } from "./conditions-balance";
import { wasPublished } from "./known-by";
import type { ClaimRule } from "./rule";
import { bytesInRunsUpTo, stepAccesses, weightRuns } from "./runs";
import { knob, type Scenario } from "./scenario";
import { modelWithExperts } from "./scenario-checks";
import type { Condition } from "./verdict";

const inBand = (seconds: number) => seconds >= 1e-6 && seconds <= 1e-5;

/** Whether a source was out on the day of the scenario. */
export function published(id: string, { knownBy }: Scenario): boolean {
  const { published: date, retrieved } = source(id);
  return wasPublished(date, retrieved, knownBy);
}

/** Claim 0a: m = T k / E. */
const tokensPerExpert: ClaimRule = {
  id: "0a",
  parameters: ["model", "tokensInFlight"],
  value: (s) => meanTokensPerExpert(s.tokensInFlight, modelWithExperts(s)),
  conditions: (s) => {
    const article = meanTokensPerExpert(6144, { routedExperts: 384, expertsPerToken: 8 });
    const known = deployments().filter((d) => published(d.source, s));
    const means = (keep: (d: Deployment) => boolean) => known.filter(keep).map((d) => meanTokensPerExpert(d.tokens, model(d.model)));
    const [decode, other] = [means((d) => d.regime === "decode"), means((d) => d.regime !== "decode")];
    const band = (m: number) => m >= 64 && m <= 256;
    return [
      { condition: "the arithmetic gives 128", found: formatNumber(article), holds: article === 128 },
      {
        condition: "DeepSeek-V3 has the article's 384 routed experts",
        found: formatCount(model("deepseek-v3").routedExperts),
        holds: model("deepseek-v3").routedExperts === 384,
      },
      ...(decode.length === 0
        ? []
        : [
            {
              condition: "a published decode setting reaches 64 to 256 tokens an expert",
              found: decode.map((m) => formatNumber(m)).join(", "),
              holds: decode.some(band),
            },
          ]),
      ...(other.length === 0
        ? []
        : [{ condition: "so do prefill and training", found: other.map((m) => formatCount(m)).join(", "), holds: other.some(band) }]),
    ];
  },
};

/**
 * One piece of one expert as a share of its layer's time: the estimate, off by the kernel's stated error to either side.
 *
 *     seconds pieceShare (1 + p90) ^ fitError / local experts
 */
export function pieceSeconds(s: Scenario): number {
  const m = modelWithExperts(s);
  const machine = hardware(s.hardware);
  const expertParallel = Math.min(s.expertParallel, m.routedExperts);
  const chosen = defaultExperts(m, machine, expertParallel);
  const time = moeLayerTime({ model: m, hardware: machine, ...chosen, tokens: s.tokensInFlight, expertParallel, cache: "cold" });
  const error = time.heldOutError?.p90 ?? unstatedError();
  return (time.seconds * (1 + error) ** knob("0b", "fitError", s) * knob("0b", "pieceShare", s)) / time.localExperts;
}

/** Where a kernel was not fitted on this format and generation: what constants of another generation err by in nine rows of ten, at the median family. */
function unstatedError(): number {
  if (unstated === undefined) {
    const errors = readRows("fit-errors.csv")
      .filter((row) => row.cells.part === "another generation's constants")
      .map((row) => number(row, "p90"))
      .sort((x, y) => x - y);
    unstated = errors[errors.length >> 1] as number;
  }
  return unstated;
}

let unstated: number | undefined;

/** Claim 0b: the time of one expert as a share of its layer. */
const taskTime: ClaimRule = {
  id: "0b",
  parameters: ["model", "hardware", "tokensInFlight", "expertParallel", "pieceShare", "fitError"],
  value: pieceSeconds,
  conditions: (s) => {
    const [m, machine] = [modelWithExperts(s), hardware(s.hardware)];
    const rows = Math.max(1, Math.round(meanTokensPerExpert(s.tokensInFlight, m)));
    const format = weightFormat(s.weightFormat);
    const work = expertWork(m, rows, format);
    const rates = { flopsPerSecond: peakFlops(machine, format.arithmetic), bytesPerSecond: machine.memoryBytesPerSecond };
    const floors = [roofline(work.upAndGate, rates).seconds, roofline(work.down, rates).seconds];
    const alone = expertTaskTime({ model: m, hardware: machine, rows }).seconds;
    const expertParallel = Math.min(s.expertParallel, m.routedExperts);
    const step = decodeStep({
      model: m,
      hardware: machine,
      requestsPerGpu: Math.max(1, Math.round(s.tokensInFlight / expertParallel)),
      contextTokens: s.contextTokens,
      expertParallel,
    });
    const decode = shareByDecade(timedTasks(step.tasks))[1]?.timeShare ?? 0;
    const trace = published("deepseekprofile2025", s)
      ? trainTraceDurations().map((b) => ({ seconds: b.seconds / b.count, count: b.count }))
      : [];
    const training = trace.length === 0 ? undefined : (shareByDecade(trace)[1]?.timeShare ?? 0);
    return [
      {
        condition: "each product of one expert can take 1–10 µs (lower bound)",
        found: floors.map((t) => formatSeconds(t)).join(", "),
        holds: floors.every(inBand),
      },
      { condition: "one expert alone takes 1–10 µs", found: formatSeconds(alone), holds: inBand(alone) },
      { condition: "most time of a decode step is in tasks of 1–10 µs", found: formatShare(decode), holds: decode > 0.5 },
      ...(training === undefined
        ? []
        : [{ condition: "most time of a training step is in kernels of 1–10 µs", found: formatShare(training), holds: training > 0.5 }]),
    ];
  },
};

/** Claim 0c: share of a step's bytes in runs of at most 16 KiB, weights counted as stored or tile by tile. */
const accessSize: ClaimRule = {
  id: "0c",
  parameters: ["model", "tokensInFlight", "expertParallel", "contextTokens", "countsTiles", "tileElements"],
  value: (s) => {
    const tile = tileRowBytes(Math.round(knob("0c", "tileElements", s)), weightBits(s.weightFormat) / 8);
    return bytesInRunsUpTo(stepAccesses(s, false), 16_384, knob("0c", "countsTiles", s) === 1 ? tile : undefined);
  },
  conditions: (s) => {
    const article: readonly (readonly [number, number, number])[] = [
      [128, 0.5, 64],
      [128 * 128, 1, 16_384],
      [2048, 2, 4096],
      [128 * 256, 2, 65_536],
    ];
    const same = article.filter(([elements, bytes, size]) => tileRowBytes(elements, bytes) === size).length;
    const stored = weightRuns(s);
    return [
      {
        condition: "tiles of usual sizes give the article's four numbers",
        found: `${same} of ${article.length}`,
        holds: same === article.length,
      },
      {
        condition: "an expert's weights are stored in runs of at most 16 KiB",
        found: stored.map((b) => formatBytes(b)).join(", "),
        holds: stored.every((b) => b <= 16_384),
      },
    ];
  },
};

/** Claim 0d: the busiest GPU over the mean, experts placed as they come. */
const balance: ClaimRule = {
  id: "0d",
  parameters: ["model", "tokensInFlight", "expertParallel", "skew"],
  value: (s) => {
    const m = modelWithExperts(s);
    return busiestOverMean({
      tokensPerExpert: meanTokensPerExpert(s.tokensInFlight, m),
      routedExperts: m.routedExperts,
      gpus: Math.min(s.expertParallel, m.routedExperts),
      skew: knob("0d", "skew", s),
    });
  },
  conditions: (s): readonly Condition[] => {
    const all = balanceConditions(modelWithExperts(s), s.tokensInFlight);
    // Only the first needs nothing that was measured after the article.
    return published("tensorrtllm2025blog4", s) ? all : all.slice(0, 1);
  },
};

/** Bits of a stored weight without its scales. */
function weightBits(format: string): number {
  const { weightBytes } = weightFormat(format);
  return weightBytes < 0.75 ? 4 : weightBytes < 1.5 ? 8 : 16;
}

export const premiseRules = [tokensPerExpert, taskTime, accessSize, balance];
