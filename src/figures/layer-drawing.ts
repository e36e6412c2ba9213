import { isMoe, type Model } from "../model/model";
import { expertParameters } from "../model/parameters";
import { messageBytes } from "../network/message-bytes";
import { meanTokensPerExpert } from "../routing/uniform";
import { formatBytes, formatCount, formatNumber } from "../text/numbers";

/** A drawing as SVG text, with the sentence that names it. */
export interface Drawing {
  readonly svg: string;
  readonly title: string;
  readonly caption: string;
}

const width = 360;
const chosenColumns = [1, 4, 5, 9, 10, 13, 14, 18];
const drawnExperts = 20;

/**
 * One layer of experts of a model, with its sizes: router, dispatch, the experts and the shared one, combine.
 *
 * @param tokensInFlight over all GPUs.
 * @throws RangeError for a model without experts.
 */
export function layerDrawing(model: Model, tokensInFlight: number): Drawing {
  if (!isMoe(model)) throw new RangeError(`${model.id} has no experts to draw`);
  const { routedExperts, expertsPerToken, sharedExperts } = model;
  const hidden = formatCount(model.expertHiddenSize);
  const wide = formatCount(model.moeIntermediateSize);
  const rows = formatNumber(meanTokensPerExpert(tokensInFlight, model), 4);
  const million = formatNumber(expertParameters(model) / 1e6);
  const [out, back] = (["dispatch", "combine"] as const).map((way) => formatBytes(messageBytes(way, model.expertHiddenSize)));
  const shown = Math.min(expertsPerToken, chosenColumns.length);
  const chosen = chosenColumns.slice(0, shown);
  const left = (i: number) => 8 + (i * (width - 16)) / drawnExperts;
  const middle = (i: number) => left(i) + (width - 16) / drawnExperts / 2;
  const experts = Array.from({ length: drawnExperts }, (_, i) =>
    rect(left(i) + 2, 214, (width - 16) / drawnExperts - 4, 44, chosen.includes(i) ? "expert chosen" : "expert"),
  );
  const parts = [
    box(70, 8, 220, 44, "token", ["one token", `${hidden} numbers wide`]),
    arrow(180, 52, 180, 76),
    box(70, 76, 220, 44, "router", ["router", `scores ${formatCount(routedExperts)} experts, takes ${formatCount(expertsPerToken)}`]),
    ...chosen.map((i) => arrow(180, 120, middle(i), 212)),
    words(12, 150, "start", ["dispatch", `${formatCount(expertsPerToken)} × ${out}`], "quiet"),
    ...experts,
    words(180, 280, "middle", [
      `${formatCount(routedExperts)} routed experts, ${drawnExperts} drawn`,
      `each ${hidden} × ${wide} × ${formatCount(model.expertMatrices)} matrices: ${million} million`,
    ]),
    words(180, 318, "middle", [`${rows} tokens at each, of ${formatCount(tokensInFlight)} in flight`], "strong"),
    ...(sharedExperts > 0
      ? [
          box(60, 332, 260, 44, "expert shared", [
            sharedExperts === 1 ? "1 shared expert" : `${formatCount(sharedExperts)} shared experts`,
            `${formatCount(model.sharedIntermediateSize)} wide, sees all ${formatCount(tokensInFlight)} tokens`,
          ]),
        ]
      : []),
    path(`M16 262V446H${left(0) + 60}`),
    words(24, 395, "start", ["combine", `${formatCount(expertsPerToken)} × ${back}`], "quiet"),
    ...(sharedExperts > 0 ? [path("M290 30H364V354H322"), arrow(200, 376, 200, 422)] : []),
    box(70, 424, 220, 44, "token", ["weighted sum", `${hidden} numbers wide`]),
  ];
  const layers = `${formatCount(model.moeLayers)} of the ${formatCount(model.layers)} layers`;
  return {
    svg: `<svg class="layer" viewBox="0 0 ${width + 12} 476" width="${width + 12}" height="476" aria-hidden="true" focusable="false"><defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L6 3L0 6z"/></marker></defs>${parts.join("")}</svg>`,
    title: `One layer of experts of ${model.name}: ${formatCount(expertsPerToken)} of ${formatCount(routedExperts)} experts see each token, so each sees ${rows} of ${formatCount(tokensInFlight)}`,
    caption: `A router scores the experts for each token and sends a copy to those it takes (dispatch); each expert multiplies the tokens it got by its matrices; the answers come back and are summed (combine). Experts lie on different GPUs, so every copy is a message: ${out} on the way out with one byte per number and its scales, ${back} on the way back. ${layers} of ${model.name} are built like this, ${formatNumber((expertParameters(model) * routedExperts * model.moeLayers) / 1e9)} billion parameters in routed experts. “Tokens in flight” are those of one step over all GPUs; “alone” is one expert by itself on a GPU, “as a share of a layer” the time of a layer over its experts; a “draw” is one try with every uncertain number taken at random from its interval.`,
  };
}

function rect(x: number, y: number, across: number, down: number, kind: string): string {
  return `<rect class="${kind}" x="${tenth(x)}" y="${y}" width="${tenth(across)}" height="${down}" rx="4"/>`;
}

function box(x: number, y: number, across: number, down: number, kind: string, lines: readonly string[]): string {
  return rect(x, y, across, down, kind) + words(x + across / 2, y + 18, "middle", lines);
}

function words(x: number, y: number, anchor: "start" | "middle", lines: readonly string[], kind = ""): string {
  const [first = "", ...rest] = lines.map(escaped);
  const more = rest.map((line) => `<tspan x="${x}" dy="17">${line}</tspan>`).join("");
  return `<text${kind === "" ? "" : ` class="${kind}"`} x="${x}" y="${y}" text-anchor="${anchor}">${first}${more}</text>`;
}

function path(d: string): string {
  return `<path class="way" d="${d}" marker-end="url(#tip)"/>`;
}

function arrow(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${tenth(x1)}" y1="${y1}" x2="${tenth(x2)}" y2="${y2}" marker-end="url(#tip)"/>`;
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
