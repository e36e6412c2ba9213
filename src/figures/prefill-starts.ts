import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { decodeStep } from "../step/decode";
import { prefillStep } from "../step/prefill";
import { launchShare } from "../step/starts";
import type { DecodeTask } from "../step/task";
import { formatCount, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, doublings, label, layout, line, linearAxis, logAxis, rule, ticks } from "./theme";

/** Shares of one step that are no work, by how many tokens one GPU takes through it. */
export interface StartShares {
  readonly phase: "decode" | "prefill";
  /** Of one GPU: its requests in decode, the tokens of one prompt in prefill. */
  readonly tokens: number;
  readonly seconds: number;
  /** Starts from a graph, as decode runs. */
  readonly graph: number;
  /** Starts one by one in a stream: the GPU's own side of them. */
  readonly stream: number;
  /** The engine's time between kernels, and in prefill its host's for each kernel. */
  readonly between: number;
}

/** Where the steps run: attention dealt out over `expertParallel` GPUs, and experts too. */
export interface StartPlace {
  readonly model: Model;
  readonly hardware: Hardware;
  readonly contextTokens: number;
  readonly expertParallel: number;
}

function sharesOf(
  step: { readonly tasks: readonly DecodeTask[]; readonly seconds: number },
  hardware: Hardware,
): Pick<StartShares, "graph" | "stream" | "between"> {
  const between = step.tasks.reduce((sum, { name, seconds }) => sum + (name === "between kernels" ? seconds : 0), 0);
  const kernels = { tasks: step.tasks, seconds: step.seconds - between };
  return {
    graph: launchShare(kernels, hardware, "graph").share,
    stream: launchShare(kernels, hardware, "stream").share,
    between: between / step.seconds,
  };
}

/**
 * Shares of starts in decode, one token per request, and in prefill, one prompt per GPU, over the tokens that a GPU takes through a step.
 *
 * Starts are shares of the kernels' time, without the engine's between them; that is a share of the whole step.
 *
 * @example startShares(place, [1, 64], [4096])[2].between // in prefill of 4,096 tokens
 */
export function startShares(
  { model, hardware, contextTokens, expertParallel }: StartPlace,
  requests: readonly number[],
  promptTokens: readonly number[],
): readonly StartShares[] {
  const decode = requests.map((tokens): StartShares => {
    const step = decodeStep({ model, hardware, contextTokens, requestsPerGpu: tokens, expertParallel });
    return { phase: "decode", tokens, seconds: step.seconds, ...sharesOf(step, hardware) };
  });
  const prefill = promptTokens.map((tokens): StartShares => {
    const question = { model, hardware, requests: expertParallel, promptTokens: tokens, expertParallel, dataParallel: expertParallel };
    const step = prefillStep(question);
    return { phase: "prefill", tokens, seconds: step.seconds, ...sharesOf(step, hardware) };
  });
  return [...decode, ...prefill];
}

const ways = [
  { name: "between kernels", of: "between", color: colours.grey },
  { name: "starts one by one", of: "stream", color: colours.orange },
  { name: "starts from a graph", of: "graph", color: colours.blue },
] as const;

/**
 * Shares of starts and of the time between kernels against the tokens of a GPU in the step: decode at the left, prefill at the right.
 *
 * @example prefillStartsFigure({ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), contextTokens: 4096,
 *   expertParallel: 32 }).caption
 */
export function prefillStartsFigure(place: StartPlace): Figure {
  const shares = startShares(place, doublings(1, 256), doublings(256, 32_768));
  const phases = ["decode", "prefill"] as const;
  const of = (phase: StartShares["phase"]) => shares.filter((s) => s.phase === phase);
  const inPrefill = (tokens: number) => shares.find((s) => s.phase === "prefill" && s.tokens === tokens) as StartShares;
  const top = Math.max(...shares.flatMap(({ graph, stream, between }) => [graph, stream, between])) * 100;
  const [few, many] = [inPrefill(512), inPrefill(8192)];
  const words = ways.map(({ name, of: way }) => `${name} ${formatShare(few[way])} and ${formatShare(many[way])}`).join(", ");
  return {
    data: phases.flatMap((phase) =>
      ways.map(({ name, of: way, color }) =>
        line(
          name,
          of(phase).map(({ tokens }) => tokens),
          of(phase).map((s) => 100 * s[way]),
          color,
          {
            legendgroup: name,
            showlegend: phase === "decode",
            line: { color, width: 2, dash: phase === "decode" ? "solid" : "dash" },
            hovertemplate: `${phase}, %{x} tokens: %{y:.2g} %<extra>${name}</extra>`,
          },
        ),
      ),
    ),
    layout: layout({
      height: 480,
      margin: { l: 64, r: 20, t: 30, b: 110 },
      xaxis: logAxis(
        "Tokens that one GPU takes through the step",
        [0.9, 55_000],
        ticks([1, 16, 256, 4096, 32_768].map((tokens) => [tokens, formatCount(tokens)])),
      ),
      yaxis: linearAxis("Share of the step (%)", [0, Math.ceil(top / 10) * 10]),
      shapes: [rule("x", 256, colours.ink)],
      annotations: [
        label("decode", { x: Math.log10(200), y: 1 }, { yref: "paper", xanchor: "right", yanchor: "bottom" }),
        label("prefill", { x: Math.log10(320), y: 1 }, { yref: "paper", xanchor: "left", yanchor: "bottom" }),
      ],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top" },
    }),
    title: `A GPU that takes in 512 tokens of a prompt spends at most ${formatShare(few.between)} of the step between kernels, one that takes in 8,192 at most ${formatShare(many.between)}`,
    setting: `${place.model.name} on ${formatCount(place.expertParallel)} × ${place.hardware.name}; decode with ${formatCount(place.contextTokens)} tokens of context.`,
    source: "Cost of a start: data/measurements/launch-small-kernels.csv.",
    caption: `What of a step is no work, against the tokens that one GPU takes through it: ${place.model.name} on ${formatCount(place.expertParallel)} × ${place.hardware.name}. Solid: decode, a token per request. Dashed: prefill, one prompt per GPU. Starts are the GPU's own side; between kernels is the engine's time, and in prefill its host's for each kernel, read off measured first tokens in which prompts still wait, so the most to expect. In prefill at 512 and at 8,192 tokens: ${words}.`,
    alt: `Shares of starts fall with the tokens of a step, from decode with one request to prefill of 32,768 tokens. In prefill at 512 and 8,192 tokens: ${words}.`,
  };
}
