import { judgedExchanges } from "../fit/judged-exchanges";
import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { type SplitTime, splitTime } from "../network/split-time";
import { formatCount, formatNumber, formatSeconds, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, countTicks, doublings, layout, line, logAxis, points, secondsTicks } from "./theme";

interface Series {
  readonly gpus: readonly number[];
  readonly at: readonly SplitTime[];
}

/**
 * Communication of one layer against the number of GPUs, on a machine with small nodes and on one with a large scale-up link.
 *
 * @example parallelTimeFigure(model("deepseek-v3"), hardware("h800-sxm"), hardware("gb200"), 128).caption
 */
export function parallelTimeFigure(model: Model, nodes: Hardware, rack: Hardware, tokensPerGpu: number): Figure {
  const few = 1;
  const panels = [nodes, rack].map((hardware) => [tokensPerGpu, few].map((tokens) => series(model, hardware, tokens)) as [Series, Series]);
  const judged = judgedExchanges(model, nodes);
  const worst = Math.max(...judged.map((j) => Math.abs(j.error)));
  const node8 = splitTime({ model, hardware: nodes, tokensPerGpu: few, gpus: 8 });
  const rack64 = splitTime({ model, hardware: rack, tokensPerGpu, gpus: 64 });
  // The largest group of the rack that both ways can take: a model of few experts has none of 64.
  const widest = doublings(2, 64)
    .flatMap((gpus) => {
      const { tensorSeconds, expertSeconds } = splitTime({ model, hardware: rack, tokensPerGpu, gpus });
      return tensorSeconds === undefined || expertSeconds === undefined ? [] : [{ gpus, times: tensorSeconds / expertSeconds }];
    })
    .at(-1);
  const found =
    widest === undefined
      ? `Communication of a layer of ${model.name}, by all-reduce and by exchange`
      : `Over ${formatCount(widest.gpus)} GPUs of ${shortName(rack)} an all-reduce takes ${formatNumber(widest.times)} times as long as the exchange of experts`;
  const hasDiamonds = judged.length > 0 && tokensPerGpu === 128;
  const legend = (first: boolean) => ({ showlegend: first });
  return {
    data: [
      ...panels.flatMap(([many, one], i) => [
        ...lines(many, i, "solid", `${formatCount(tokensPerGpu)} tokens per GPU`, legend(i === 0)),
        ...lines(one, i, "dot", `${few} token per GPU`, legend(i === 0)),
      ]),
      ...(hasDiamonds
        ? [
            points(
              "DeepEP, published",
              judged.map((j) => j.published.expertParallel),
              judged.map((j) => j.measuredSeconds),
              colours.green,
              { marker: { color: colours.green, size: 10, symbol: "diamond" } },
            ),
          ]
        : []),
    ],
    layout: layout({
      height: 640,
      margin: { l: 84, r: 20, t: 20, b: 58 },
      xaxis: logAxis("GPUs of the group", [1.8, 300], { ...countTicks(doublings(2, 256)), anchor: "y2" }),
      yaxis: logAxis(`Time, ${shortName(nodes)}`, [2e-6, 2e-3], { domain: [0.54, 1], ...timeTicks }),
      yaxis2: logAxis(`Time, ${shortName(rack)}`, [2e-6, 2e-3], { domain: [0, 0.46], ...timeTicks }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
    }),
    title: found,
    setting: `${model.name}, one layer, ${formatCount(tokensPerGpu)} tokens and ${few} token per GPU; ${shortName(nodes)} above, ${shortName(rack)} below.`,
    ...(hasDiamonds ? { source: "Diamonds: data/measurements/deepep-low-latency.csv." } : {}),
    caption: [
      `Communication of one layer of ${model.name}: an all-reduce of all tokens (orange) against dispatch and combine (blue), the fastest implementation measured for each.`,
      ...aboveWords(nodes, node8, few),
      ...belowWords(rack, rack64, tokensPerGpu),
      ...(!hasDiamonds
        ? []
        : [
            `Diamonds are DeepEP's published times at 128 tokens, which no constant was fitted to; the estimate is off by ${formatShare(worst, 3)} at most.`,
          ]),
      "All-reduce constants are fitted up to 8 GPUs and carried on beyond (dashed).",
    ].join(" "),
    alt: `${[found, ...aboveWords(nodes, node8, few)].join(". ").replace(/\.$/, "")}.`,
  };
}

/** What the upper panel shows, where the machine's node and both ways are known. */
function aboveWords(nodes: Hardware, { tensorSeconds, expertSeconds }: SplitTime, few: number): readonly string[] {
  if (nodes.scaleUpDomain === undefined || tensorSeconds === undefined || expertSeconds === undefined) return [];
  const faster = tensorSeconds < expertSeconds ? "it is the faster" : "it is the slower";
  return [
    `Above, nodes of ${formatCount(nodes.scaleUpDomain)}: an all-reduce stops at the node, and at ${few} token per GPU ${faster} of the two there (${formatSeconds(tensorSeconds)} against ${formatSeconds(expertSeconds)} on 8 GPUs).`,
  ];
}

/** What the lower panel shows, where the link joins 64 GPUs and both ways are known. */
function belowWords(rack: Hardware, { tensorSeconds, expertSeconds }: SplitTime, tokensPerGpu: number): readonly string[] {
  if (rack.scaleUpDomain === undefined) return [];
  const joins = `Below, a link that joins ${formatCount(rack.scaleUpDomain)}`;
  if (tensorSeconds === undefined || expertSeconds === undefined) return [`${joins}.`];
  return [
    `${joins}: at 64 GPUs and ${formatCount(tokensPerGpu)} tokens each it takes ${formatNumber(tensorSeconds / expertSeconds)} times as long as the exchange.`,
  ];
}

function shortName(hardware: Hardware): string {
  return hardware.name.replace(/ \(.*\)/, "");
}

const timeTicks = secondsTicks([1e-5, 1e-4, 1e-3]);
const fittedGpus = 8;

function series(model: Model, hardware: Hardware, tokensPerGpu: number): Series {
  const gpus = doublings(2, 256).filter((n) => n <= model.routedExperts);
  return { gpus, at: gpus.map((n) => splitTime({ model, hardware, tokensPerGpu, gpus: n })) };
}

function lines(
  { gpus, at }: Series,
  panel: number,
  dash: string,
  words: string,
  legend: { readonly showlegend: boolean },
): readonly Record<string, unknown>[] {
  const yaxis = panel === 0 ? "y" : "y2";
  const symbol = dash === "solid" ? "circle" : "circle-open";
  const part = (
    name: string,
    from: number,
    to: number,
    key: "tensorSeconds" | "expertSeconds",
    color: string,
    particular: Record<string, unknown>,
  ) => {
    const kept = gpus.map((n, i) => [n, at[i]?.[key]] as const).filter(([n, seconds]) => seconds !== undefined && n >= from && n <= to);
    return line(
      name,
      kept.map(([n]) => n),
      kept.map(([, seconds]) => seconds as number),
      color,
      {
        yaxis,
        mode: "lines+markers",
        marker: { color, size: 7, symbol },
        line: { color, width: dash === "solid" ? 2 : 1.5, dash },
        ...particular,
      },
    );
  };
  return [
    part(`tensor parallel, ${words}`, 2, fittedGpus, "tensorSeconds", colours.orange, legend),
    part(`tensor parallel, ${words}, carried on`, fittedGpus, 256, "tensorSeconds", colours.orange, {
      showlegend: false,
      line: { color: colours.orange, width: 1.5, dash: "dash" },
    }),
    part(`expert parallel, ${words}`, 2, 256, "expertSeconds", colours.blue, legend),
  ];
}
