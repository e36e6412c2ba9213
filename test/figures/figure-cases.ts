import { expect } from "vitest";
import { accessBandwidthFigure } from "../../src/figures/access-bandwidth";
import { accessLadderFigure } from "../../src/figures/access-ladder";
import { durationsFigure } from "../../src/figures/duration-histogram";
import { expertLoadFigure } from "../../src/figures/expert-load";
import type { Figure } from "../../src/figures/figure";
import { releasesFigure } from "../../src/figures/releases";
import { runLengthsFigure } from "../../src/figures/run-lengths";
import { taskTimeFigure } from "../../src/figures/task-time";
import { tokensPerExpertFigure } from "../../src/figures/tokens-per-expert";
import { layerKernel, loneKernel } from "../../src/kernels/default-experts";
import type { ExpertOn } from "../../src/kernels/expert-task";
import { hardware } from "../../src/machine/hardware";
import { model, models } from "../../src/model/registry";
import { publishedExpertCounts, trainTraceDurations } from "../../src/published/tables";
import { decodeAccesses } from "../../src/step/decode-accesses";

export interface Trace {
  readonly type: string;
  readonly mode?: string;
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly yaxis?: string;
  readonly text?: readonly string[];
}

export const traces = (figure: Figure) => figure.data as unknown as readonly Trace[];
export function trace(figure: Figure, name: string): Trace {
  const found = traces(figure).filter((t) => t.name === name);
  expect(found, name).toHaveLength(1);
  return found[0] as Trace;
}
export const yAt = ({ x, y }: Trace, at: number) => y[x.indexOf(at)];

export const kimi = model("kimi-k2");
export const v3 = model("deepseek-v3");
export const h100 = hardware("h100-sxm");
export const compared = ["llama-3.1-405b", "mixtral-8x22b", "deepseek-v3", "kimi-k2", "deepseek-v4-pro"].map(model);
export const observed = { label: "Qwen3", counts: publishedExpertCounts() };
export const on = (id: string, machine: string, weightFormat = "fp8_block"): ExpertOn => {
  const there = hardware(machine);
  return {
    model: model(id),
    hardware: there,
    kernel: layerKernel(there, weightFormat),
    aloneKernel: loneKernel(there, weightFormat),
    weightFormat,
  };
};
export const experts = [
  on("kimi-k2", "h100-sxm"),
  on("kimi-k2", "b200-sxm"),
  on("mixtral-8x22b", "h100-sxm"),
  on("mixtral-8x22b", "b200-sxm"),
];
export const step = { weightFormat: "fp8_block", requestsPerGpu: 64, contextTokens: 32_768 } as const;
export const steps = [
  { name: "dense", accesses: decodeAccesses({ ...step, model: model("llama-3.1-405b"), expertParallel: 1 }) },
  { name: "V3", accesses: decodeAccesses({ ...step, model: v3, expertParallel: 128 }) },
  { name: "sparse", accesses: decodeAccesses({ ...step, model: model("deepseek-v3.2"), expertParallel: 128, attention: "sparse" }) },
];
const trainTrace = trainTraceDurations().map((b) => ({ seconds: b.seconds / b.count, count: b.count }));

export const figures: Readonly<Record<string, () => Figure>> = {
  "tokens-per-expert": () => tokensPerExpertFigure(compared, 6144),
  releases: () => releasesFigure(models(), 6144, { "DeepSeek-V3": ["below", "above"] }),
  "expert-load": () => expertLoadFigure(6144, kimi, 1, observed),
  "task-time": () => taskTimeFigure(experts, 6144),
  durations: () =>
    durationsFigure(
      [
        { name: "training", tasks: trainTrace },
        { name: "one", tasks: [{ seconds: 5e-6, count: 1 }] },
      ],
      "So it is.",
    ),
  "access-ladder": () => accessLadderFigure(v3, 64, 32_768, 128),
  "run-lengths": () => runLengthsFigure(steps),
  "access-bandwidth": () => accessBandwidthFigure(h100),
};

/** Everything inside a figure, with the path to it. */
export function leaves(value: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`));
}

const refused = (value: unknown) => value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value));

/** Refuse what Plotly or JSON cannot hold, and captions with a number that came to nothing. */
export function expectWhole(figure: Figure, name: string): void {
  const parts = leaves({ data: figure.data, layout: figure.layout });
  expect(
    parts.filter(([, value]) => refused(value)),
    name,
  ).toEqual([]);
  expect(
    traces(figure)
      .filter((t) => t.x.length !== t.y.length)
      .map((t) => t.name),
    name,
  ).toEqual([]);
  for (const words of [figure.caption, figure.alt]) {
    expect(words, name).not.toMatch(/NaN|∞|Infinity|undefined|null|\[object|\b0 times/);
    expect(words.length, name).toBeGreaterThan(60);
  }
}
