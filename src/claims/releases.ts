import { isMoe, type Model } from "../model/model";
import { expertParameters } from "../model/parameters";
import { models } from "../model/registry";
import { formatCount, formatNumber } from "../text/numbers";
import { sided } from "./evidence";
import { articleDay, isKnown, monthsBefore } from "./known-by";
import { published } from "./premise";
import type { ClaimRule } from "./rule";
import { knob, type Scenario } from "./scenario";
import type { Condition } from "./verdict";

/** Large open releases of some months up to a day. */
export interface ReleaseWindow {
  readonly until: string;
  readonly months: number;
  /** Parameters from which a release counts. */
  readonly sizeFloor: number;
}

/** Models of the registry in a window: whose date was known by its end, whose dimensions were read; the oldest first. */
export function releasesIn({ until, months, sizeFloor }: ReleaseWindow): readonly Model[] {
  const key = `${until} ${months}`;
  if (!windows.has(key)) {
    const from = monthsBefore(until, months);
    windows.set(
      key,
      models().filter((m) => isKnown(m.released, until) && m.released > from && m.confidence !== "low"),
    );
  }
  return (windows.get(key) as readonly Model[]).filter((m) => (m.totalParameters ?? 0) >= sizeFloor);
}

const windows = new Map<string, readonly Model[]>();

/** The middle value; the mean of the two in the middle; NaN of none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN;
  const ascending = [...values].sort((a, b) => a - b);
  return ((ascending[(ascending.length - 1) >> 1] as number) + (ascending[ascending.length >> 1] as number)) / 2;
}

const windowOf = (claim: string, s: Scenario): ReleaseWindow => ({
  until: s.knownBy,
  months: knob(claim, "months", s),
  sizeFloor: knob(claim, "sizeFloor", s),
});

/** The newest window and the one before it, models with experts alone. */
function twoWindows(s: Scenario): readonly [readonly Model[], readonly Model[]] {
  const newest = windowOf("7a", s);
  return [newest, { ...newest, until: monthsBefore(s.knownBy, newest.months) }].map((w) =>
    releasesIn(w).filter(isMoe),
  ) as unknown as readonly [readonly Model[], readonly Model[]];
}

/**
 * How much fewer FLOPs the same loss takes for every doubling of sparsity, from the step between two.
 *
 *     ratio ^ (ln 2 / ln step)
 */
export function gainPerDoubling(ratio: number, step: number): number {
  return ratio ** (Math.LN2 / Math.log(step));
}

/** Kimi K2's report: FLOPs at sparsity 48 are 1.15 times fewer than at 32 for the same loss. */
const kimiStep = { source: "kimik2report2025", from: 32, to: 48, ratio: 1.15 } as const;

/** Claim 7a: the size of experts, newest window over the one before. */
const expertsGrow: ClaimRule = {
  id: "7a",
  parameters: ["sizeFloor", "months", "byParameters"],
  value: (s) => {
    const size = (m: Model) => (knob("7a", "byParameters", s) === 1 ? expertParameters(m) : m.moeIntermediateSize);
    const [newest, before] = twoWindows(s);
    return median(newest.map(size)) / median(before.map(size));
  },
  conditions: (s): readonly Condition[] => {
    const [newest, before] = twoWindows(s).map((w) => median(w.map((m) => m.routedExperts))) as [number, number];
    const conditions: Condition[] = Number.isNaN(newest / before)
      ? []
      : [
          {
            condition: "the number of experts no longer rises",
            found: `median ${formatCount(before)}, then ${formatCount(newest)}`,
            holds: newest <= before,
          },
        ];
    const [previous, next] = flagships(s.knownBy);
    if (next !== undefined && previous !== undefined) {
      conditions.push({
        condition: "DeepSeek's next large model has wider experts",
        found: `${previous.name} ${formatCount(previous.moeIntermediateSize)}, ${next.name} ${formatCount(next.moeIntermediateSize)}`,
        holds: next.moeIntermediateSize > previous.moeIntermediateSize,
      });
    }
    if (!published(kimiStep.source, s)) return conditions;
    const gain = gainPerDoubling(kimiStep.ratio, kimiStep.to / kimiStep.from);
    return [
      ...conditions,
      {
        condition: "a doubling of sparsity saves less than a tenth of the FLOPs",
        found: `${formatNumber(gain)} times fewer, from ${kimiStep.from} to ${kimiStep.to}`,
        holds: gain < 1.1,
      },
    ];
  },
};

/** DeepSeek's largest model when the article was written, and the largest since, if it is larger. */
function flagships(knownBy: string): readonly [Model | undefined, Model | undefined] {
  const own = models().filter((m) => m.organization === "DeepSeek" && isMoe(m) && isKnown(m.released, knownBy));
  const largest = (all: readonly Model[]) =>
    all.reduce<Model | undefined>((a, b) => (a === undefined || (b.totalParameters ?? 0) > (a.totalParameters ?? 0) ? b : a), undefined);
  const then = largest(own.filter((m) => isKnown(m.released, articleDay)));
  const now = largest(own);
  return [then, now?.id === then?.id ? undefined : now];
}

/** Share of dense models among large releases, dense ones that the registry lacks added. */
export function denseShare(claim: "7b" | "9", s: Scenario): number {
  const all = releasesIn(windowOf(claim, s));
  const missing = knob(claim, "missingDense", s);
  return (all.filter((m) => !isMoe(m)).length + missing) / (all.length + missing);
}

/** Claim 7b: the share of dense models. */
const backToDense: ClaimRule = { id: "7b", parameters: ["sizeFloor", "months", "missingDense"], value: (s) => denseShare("7b", s) };

/** Models whose first layers route by a hash of the token, without a learned router. */
const hashRouted: readonly { readonly model: string; readonly layers: number; readonly source: string }[] = [
  { model: "deepseek-v4-pro", layers: 3, source: "deepseekv4transformers2026" },
  { model: "deepseek-v4-flash", layers: 3, source: "deepseekv4transformers2026" },
];

/** More dense layers than this do not stand at the front: they alternate with the others. */
const mostAtFront = 8;

/** Layers at the front that are dense or route by a hash. */
export function differentAtFront(m: Model): number {
  const dense = m.denseLayers <= mostAtFront ? m.denseLayers : 0;
  return dense + (hashRouted.find((h) => h.model === m.id)?.layers ?? 0);
}

/** Claim 8: the share of releases that treat their first layers differently. */
const firstLayers: ClaimRule = {
  id: "8",
  parameters: ["sizeFloor", "months", "leastLayers"],
  value: (s) => {
    const all = releasesIn(windowOf("8", s)).filter(isMoe);
    return all.filter((m) => differentAtFront(m) >= knob("8", "leastLayers", s)).length / all.length;
  },
  conditions: (s) => sided("8", "last", "the last layers differ too", s.knownBy),
};

/** Claim 9: the share of mixture-of-experts models. */
const rare: ClaimRule = {
  id: "9",
  parameters: ["sizeFloor", "months", "missingDense"],
  value: (s) => 1 - denseShare("9", s),
};

export const releaseRules = [expertsGrow, backToDense, firstLayers, rare];
