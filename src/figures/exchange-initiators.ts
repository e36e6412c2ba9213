import type { Hardware } from "../machine/hardware";
import type { Model } from "../model/model";
import { expertExchangeTime } from "../network/exchange";
import { exchangePaths } from "../published/exchange-paths";
import { exchangesByInitiator, type StartedExchange } from "../published/transfers";
import { formatNumber, formatSeconds } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, doublings, layout, line, logAxis, secondsTicks, ticks } from "./theme";

const colourOf: Readonly<Record<string, string>> = {
  "GPU, over NVLink": colours.purple,
  "GPU drives the card": colours.blue,
  "GPU drives the card (DeepEP)": colours.green,
  "host proxy drives the card": colours.orange,
  "collective library": colours.grey,
};

/** Dispatch of so many tokens per GPU, or the plain all-to-all, by who starts a message. */
export function startedDispatches(tokens: number): readonly StartedExchange[] {
  return exchangesByInitiator().filter((e) => e.tokens === tokens && e.direction !== "combine");
}

/**
 * Times slower than the GPU itself, at one size of the group.
 *
 * @throws RangeError when one of the two was not measured.
 * @example proxyPenalty(128, 64) // times as long, posted by the host
 */
export function proxyPenalty(tokens: number, expertParallel: number): number {
  const seconds = (initiator: string) => dispatchSeconds(initiator, tokens, expertParallel);
  return seconds("host proxy drives the card") / seconds("GPU drives the card");
}

function dispatchSeconds(initiator: string, tokens: number, expertParallel: number): number {
  const found = startedDispatches(tokens).find((e) => e.initiator === initiator && e.expertParallel === expertParallel);
  if (found === undefined)
    throw new RangeError(`no dispatch of ${tokens} tokens over ${expertParallel} GPUs was measured for: ${initiator}`);
  return found.seconds;
}

/**
 * That a host's posting need not cost as much: what a later library of the same makers takes beside DeepEP.
 *
 * @example laterLibrary() // "Not every host is as slow: fabric-lib of 2026 posts from the host as well, and ..."
 */
export function laterLibrary(): string {
  const ratios = exchangePaths().map(({ hostSeconds, gpuSeconds }) => hostSeconds / gpuSeconds);
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => formatNumber(ratio));
  return `Not every host is as slow: fabric-lib of 2026, by the same makers, posts from several threads of the host and takes ${low} to ${high} times what DeepEP does.`;
}

/**
 * Time of one dispatch by the size of the group and who starts its messages, at 128 tokens per GPU and at one.
 *
 * @example exchangeInitiatorsFigure(model("deepseek-v3"), hardware("h800-sxm")).caption
 */
export function exchangeInitiatorsFigure(model: Model, hardware: Hardware): Figure {
  const many = 128;
  const gpus = doublings(8, 128);
  const shared = gpus.filter((n) => n <= model.routedExperts);
  const floor = shared.map(
    (expertParallel) => expertExchangeTime({ direction: "dispatch", model, hardware, tokens: many, expertParallel }).floorSeconds,
  );
  const panel = (tokens: number, axis: "y" | "y2") =>
    Object.entries(colourOf).map(([initiator, color]) => {
      const here = startedDispatches(tokens)
        .filter((e) => e.initiator === initiator)
        .sort((a, b) => a.expertParallel - b.expertParallel);
      return {
        ...line(
          initiator,
          here.map((e) => e.expertParallel),
          here.map((e) => e.seconds),
          color,
          { yaxis: axis, mode: "lines+markers", marker: { color, size: 8 }, line: { color, width: 1.5 }, showlegend: axis === "y" },
        ),
      };
    });
  const times = secondsTicks([2e-5, 1e-4, 5e-4, 2e-3]);
  return {
    data: [
      ...panel(many, "y"),
      line(`bytes alone, ${model.name}`, shared, floor, colours.ink, { line: { color: colours.ink, width: 1.5, dash: "dot" } }),
      ...panel(1, "y2").filter((t) => (t as unknown as { x: readonly number[] }).x.length > 0),
    ],
    layout: layout({
      height: 640,
      margin: { l: 84, r: 20, t: 20, b: 58 },
      xaxis: { ...logAxis("GPUs of the group", [7, 150], ticks(gpus.map((n) => [n, `${n}`]))), anchor: "y2" },
      yaxis: logAxis(`Time, ${many} tokens per GPU`, [1e-5, 1e-2], { domain: [0.54, 1], ...times }),
      yaxis2: logAxis("Time, 1 token per GPU", [1e-5, 1e-2], { domain: [0, 0.46], ...times }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom" },
    }),
    title: `In pplx-kernels of 2025 a dispatch takes ${formatNumber(proxyPenalty(many, 128))} times as long posted by a thread of the host as posted by the GPU`,
    setting: `H100, 400 Gb/s per GPU, 128 GPUs with ${many} tokens each.`,
    source: "Times: data/measurements/exchange-initiators.csv, each row with its source.",
    caption: `Published times on H100 with 400 Gb/s per GPU. The bytes and the card are the same; who starts a message is not. Blue and orange are one library, pplx-kernels of 2025. At 128 GPUs and ${many} tokens a thread of the host that posts for the GPU takes ${formatSeconds(dispatchSeconds("host proxy drives the card", many, 128))}, ${formatNumber(proxyPenalty(many, 128))} times what the same library takes when the GPU posts itself, and at one token ${formatNumber(proxyPenalty(1, 128))} times. Dotted: the least that the bytes of ${model.name} need. The collective library (grey) moves whole buffers for everyone: it is far behind with many tokens and level with the GPU at one. ${laterLibrary()}`,
    alt: `A dispatch posted by a host proxy takes several times as long as one posted by the GPU, more so with more GPUs.`,
  };
}
