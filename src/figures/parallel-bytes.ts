import type { Model } from "../model/model";
import { crossingGpus, expertParallelTraffic, tensorParallelTraffic, widthLimit } from "../network/split";
import { formatBytes, formatNumber } from "../text/numbers";
import type { Choice, Figure } from "./figure";
import { byteTicks, colours, countTicks, doublings, layout, line, logAxis, menu } from "./theme";

/** What the figure draws for one model. */
export interface ParallelBytes {
  readonly model: Model;
  readonly gpus: readonly number[];
  readonly tensor: readonly { readonly bytes: number; readonly messageBytes: number }[];
  readonly expert: readonly { readonly bytes: number; readonly messageBytes: number }[];
  readonly crossing: number;
  readonly widest: number;
}

/** Bytes and message sizes of both splits for each count of GPUs. */
export function parallelBytes(model: Model, tokensPerGpu: number): ParallelBytes {
  const gpus = doublings(2, 256).filter((n) => n <= model.routedExperts);
  const ask = (n: number) => ({ model, tokensPerGpu, gpus: n });
  return {
    model,
    gpus,
    tensor: gpus.map((n) => tensorParallelTraffic(ask(n))),
    expert: gpus.map((n) => expertParallelTraffic(ask(n))),
    crossing: crossingGpus(model),
    widest: widthLimit(model.moeIntermediateSize),
  };
}

/**
 * Bytes a GPU sends in a layer, and in what pieces, against the number of GPUs; a menu picks the model.
 *
 * @example parallelBytesFigure([model("deepseek-v3")], 128).caption
 */
export function parallelBytesFigure(models: readonly Model[], tokensPerGpu: number): Figure {
  const all = models.map((m) => parallelBytes(m, tokensPerGpu));
  const first = all[0] as ParallelBytes;
  const choices = all.map((one) => told(one, tokensPerGpu));
  return {
    ...(choices[0] as Choice),
    choices,
    setting: `One layer, ${formatNumber(tokensPerGpu)} tokens per GPU; bytes counted from the sizes of the model, no machine in them.`,
    data: all.flatMap((one, i) => tracesOf(one, i === 0)),
    layout: layout({
      height: 640,
      margin: { l: 84, r: 20, t: 56, b: 110 },
      xaxis: logAxis("GPUs of the group", [1.8, 300], { ...countTicks(doublings(2, 256)), anchor: "y2" }),
      yaxis: logAxis("Sent by a GPU in a layer", [3e5, 3e9], {
        domain: [0.5, 1],
        ...byteTicks([1e6, 1e7, 1e8, 1e9]),
      }),
      yaxis2: logAxis("In messages of", [1e3, 1e8], {
        domain: [0, 0.43],
        ...byteTicks([1e3, 1e4, 1e5, 1e6, 1e7, 1e8]),
      }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.14, yanchor: "top" },
      updatemenus: [menuOf(all)],
    }),
    alt: `Bytes sent with tensor parallelism grow with the number of GPUs, with expert parallelism they stay level; they cross at ${formatNumber(first.crossing)} GPUs.`,
  };
}

/** What is read off the figure of one model. */
function told(one: ParallelBytes, tokensPerGpu: number): Choice {
  const at = one.gpus.indexOf(64);
  const [cut, dealt, part, piece] = [one.tensor[at], one.expert[at], one.tensor[0], one.expert[0]];
  const isAlways = one.crossing < 2;
  // A model of fewer experts has no group of 64, and no sentence on it.
  const at64 =
    cut === undefined || dealt === undefined
      ? ""
      : ` At 64 GPUs matrices split over all of them would send ${formatNumber(cut.bytes / dealt.bytes)} times as many bytes.`;
  const thin =
    one.widest < Math.max(...one.gpus)
      ? ` Dashed: the expert is cut into less than one 128-wide block of scales per GPU, beyond ${one.widest} GPUs.`
      : "";
  const pieces =
    part === undefined || piece === undefined
      ? ""
      : ` Below: the price, pieces of ${formatBytes(piece.messageBytes)}, averaged over the way out and back (scales and header, 3 % of a dispatched token, left out), where an all-reduce sends ${formatBytes(part.messageBytes)}.`;
  return {
    title: `${isAlways ? "Over any number of GPUs" : `Beyond ${formatNumber(one.crossing)} GPUs`} dealing out the experts of ${one.model.name} sends fewer bytes than splitting matrices`,
    caption: `What one GPU sends for one layer when each GPU brings ${formatNumber(tokensPerGpu)} tokens; the menu picks the model. ${one.model.name}: the lines ${isAlways ? "would " : ""}cross at ${formatNumber(one.crossing)} GPUs (${isAlways ? "left of the figure" : "dotted"}), three quarters of the experts per token where experts see the full width, whatever the number of tokens.${at64}${thin}${pieces}`,
  };
}

function tracesOf(one: ParallelBytes, visible: boolean): readonly Record<string, unknown>[] {
  const whole = one.gpus.filter((n) => n <= one.widest).length;
  const tensor = (key: "bytes" | "messageBytes", axis: string) => [
    line(
      "tensor parallel",
      one.gpus.slice(0, whole),
      one.tensor.slice(0, whole).map((t) => t[key]),
      colours.orange,
      { yaxis: axis, visible, showlegend: axis === "y", legendgroup: "t", mode: "lines+markers" },
    ),
    line(
      "tensor parallel, experts cut too thin",
      one.gpus.slice(Math.max(0, whole - 1)),
      one.tensor.slice(Math.max(0, whole - 1)).map((t) => t[key]),
      colours.orange,
      { yaxis: axis, visible, showlegend: false, line: { color: colours.orange, width: 2, dash: "dash" } },
    ),
  ];
  const expert = (key: "bytes" | "messageBytes", axis: string) =>
    line(
      "expert parallel",
      one.gpus,
      one.expert.map((t) => t[key]),
      colours.blue,
      { yaxis: axis, visible, showlegend: axis === "y", mode: "lines+markers" },
    );
  const crossing = line("crossing", [one.crossing, one.crossing], [3e5, 3e9], colours.grey, {
    visible,
    showlegend: false,
    line: { color: colours.grey, width: 1, dash: "dot" },
  });
  return [...tensor("bytes", "y"), expert("bytes", "y"), ...tensor("messageBytes", "y2"), expert("messageBytes", "y2"), crossing];
}

const tracesEach = 7;

function menuOf(all: readonly ParallelBytes[]): Record<string, unknown> {
  return menu(
    all.map((one, i) => ({
      label: one.model.name,
      method: "restyle",
      args: [{ visible: all.flatMap((_, j) => new Array<boolean>(tracesEach).fill(i === j)) }],
    })),
  );
}
