import { lookedUp, number, oneOf, optionalNumber, optionalText, readRows, text } from "../data/rows";
import { hardware } from "../machine/hardware";
import { model } from "../model/registry";
import { quantile } from "../statistics";
import { decodeStep } from "../step/decode";
import type { StepPair } from "./step-rows";
import { splitOf } from "./step-tables";

/** Times of one layer of a decode step, in seconds; exchange is dispatch and combine. */
export interface LayerParts {
  readonly attention: number | undefined;
  readonly experts: number | undefined;
  readonly exchange: number | undefined;
}

/** Parts of DeepSeek-V3's layer as measured alone or as another model has them, beside ours in the same place. */
export interface PeerParts {
  readonly who: string;
  readonly kind: "measured" | "model";
  readonly machine: string;
  readonly expertParallel: number;
  readonly requestsPerGpu: number;
  readonly contextTokens: number;
  readonly theirs: LayerParts;
  readonly ours: LayerParts;
  readonly source: string;
  readonly note: string;
}

/**
 * Parts of a layer of DeepSeek-V3 by others and by decodeStep, asked for the same machine, ranks, requests and context.
 *
 * Ours hold what theirs leave out: the experts' routing, quantisation and activation, and of attention the cold cache.
 *
 * @throws Error naming file and line of a row that no step can be computed for.
 * @example peerParts().filter(({ kind }) => kind === "measured").length // 4
 */
export function peerParts(): readonly PeerParts[] {
  return readRows("measurements/peer-parts.csv").map((row) => {
    const machine = text(row, "machine");
    const place = {
      expertParallel: number(row, "expertParallel"),
      requestsPerGpu: number(row, "requestsPerGpu"),
      contextTokens: number(row, "contextTokens"),
    };
    const expertSlots = optionalNumber(row, "expertSlots");
    const slots = expertSlots === undefined ? {} : { expertSlots };
    const step = lookedUp(row, "machine", (id) =>
      decodeStep({ ...place, ...slots, model: model("deepseek-v3"), hardware: hardware(id), waiting: 1 }),
    );
    const mean = (name: string) => {
      const tasks = step.tasks.filter((task) => task.name === name);
      return tasks.reduce((sum, { seconds }) => sum + seconds, 0) / tasks.length;
    };
    const theirs = (part: string) => {
      const microseconds = optionalNumber(row, `${part}Microseconds`);
      return microseconds === undefined ? undefined : microseconds * 1e-6;
    };
    return {
      who: text(row, "who"),
      kind: oneOf(row, "kind", ["measured", "model"]),
      machine,
      ...place,
      theirs: { attention: theirs("attention"), experts: theirs("expert"), exchange: theirs("exchange") },
      ours: { attention: mean("attention core"), experts: mean("experts"), exchange: mean("dispatch") + mean("combine") },
      source: text(row, "source"),
      note: optionalText(row, "note") ?? "",
    };
  });
}

/** How far a public model was off on a set of measured rows; shares of the measured time. */
export interface PeerError {
  readonly set: "dealt out" | "cut" | "experts alone";
  readonly who: string;
  readonly version: string;
  /** Absent where it was not written down. */
  readonly rows: number | undefined;
  readonly median: number;
  readonly p90: number | undefined;
  readonly source: string;
  readonly note: string;
}

/**
 * The errors of public models as found on one day, ours of that day among them.
 *
 * @throws Error naming file and line of a broken row.
 * @example peerErrors()
 */
export function peerErrors(): readonly PeerError[] {
  return readRows("measurements/peer-errors.csv").map((row) => {
    const p90 = optionalNumber(row, "p90Percent");
    return {
      set: oneOf(row, "set", ["dealt out", "cut", "experts alone"]),
      who: text(row, "who"),
      version: text(row, "version"),
      rows: optionalNumber(row, "rows"),
      median: number(row, "medianPercent") / 100,
      p90: p90 === undefined ? undefined : p90 / 100,
      source: text(row, "source"),
      note: optionalText(row, "note") ?? "",
    };
  });
}

/** Requests of a replica up to which a batch counts as small. */
const smallBatch = 8;

/**
 * How far this model is off today on the rows of data/measurements/end-to-end.csv that are of a set's kind: not proven the same rows.
 *
 * dealt out: DeepSeek-V3 and R1, attention and experts dealt out; cut: any model, all cut, at most 8 requests.
 *
 * @example oursOnSet("dealt out", measuredSteps())
 */
export function oursOnSet(set: "dealt out" | "cut", pairs: readonly StepPair[]): Omit<PeerError, "source" | "note"> {
  const ofSet = ({ row }: StepPair) =>
    set === "dealt out"
      ? /^deepseek-(?:v3|r1)$/.test(row.model ?? "") && splitOf(row) === "attention dealt out, experts dealt out"
      : splitOf(row) === "all cut" && (row.requests ?? Number.POSITIVE_INFINITY) <= smallBatch;
  const errors = pairs
    .filter(ofSet)
    .map(({ measured, predicted }) => Math.abs(predicted / measured - 1))
    .sort((a, b) => a - b);
  const at = (share: number) => quantile(errors, share);
  return { set, who: "deepshock", version: "today", rows: errors.length, median: at(0.5), p90: at(0.9) };
}
