import { isMixer } from "../model/blocks";
import { blockMatrices, type WeightMatrix } from "../model/matrices";
import { isMoe, type Model } from "../model/model";
import { simulateUniformRouting } from "../routing/uniform";
import { formatCount, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, label, layout, linearAxis, points } from "./theme";

const seed = 1;

/**
 * One layer of experts as one token sees it: the router's choice among the experts, and the matrices of one expert.
 *
 * Sizes are those of the model's first layer with experts; which experts are chosen is one fair drawing with a fixed seed.
 *
 * @throws RangeError for a model without routed experts.
 * @example
 * showFigure(layerDrawingFigure(model("deepseek-v3")));
 */
export function layerDrawingFigure(model: Model): Figure {
  const block = model.runs.flatMap(({ blocks }) => blocks).find(({ kind }) => kind === "experts");
  if (!isMoe(model) || block === undefined || isMixer(block)) throw new RangeError(`${model.name} has no routed experts to draw`);
  const { name, hiddenSize, routedExperts, expertsPerToken, sharedExperts } = model;
  const chosen = simulateUniformRouting(1, model, seed);
  const columns = Math.min(routedExperts, routedExperts > 256 ? 64 : 32);
  const squares = (wanted: boolean) => {
    const places = chosen.flatMap((count, expert) => (count > 0 === wanted ? [expert] : []));
    return [places.map((i) => i % columns), places.map((i) => -Math.floor(i / columns))] as const;
  };
  const rows = Math.ceil(routedExperts / columns);
  const look = (color: string, border: string) => ({
    marker: { color, symbol: "square", size: columns > 32 ? 5 : 8, line: { color: border, width: 1 } },
    hovertemplate: "%{fullData.name}<extra></extra>",
  });
  const matrices = blockMatrices(block, hiddenSize).filter(({ part }) => part === "routed expert");
  const share = formatShare(expertsPerToken / routedExperts);
  const shared = sharedExperts === 0 ? "" : `, and through ${sharedExperts} shared beside them`;
  const beside = sharedExperts === 0 ? "" : `, and ${sharedExperts} shared,`;
  const words = `a token of ${name} is ${formatCount(hiddenSize)} numbers; a router sends it to ${expertsPerToken} of ${formatCount(routedExperts)} experts (${share})${shared}`;
  return {
    data: [
      points("an expert that this token passes by", ...squares(false), colours.mist, look("#FFFFFF", colours.grey)),
      points("an expert that this token goes through", ...squares(true), colours.orange, look(colours.orange, colours.orange)),
    ],
    layout: layout({
      height: 520,
      margin: { l: 12, r: 12, t: 12, b: 12 },
      xaxis: linearAxis("", [-1, columns], { visible: false, fixedrange: true }),
      yaxis: linearAxis("", [-rows - 0.5, 1.5], { visible: false, fixedrange: true, domain: [0.46, 0.82] }),
      shapes: matrices.map((_, i) => boxOf(i, matrices.length)),
      annotations: [
        says(`<b>One token</b>: ${formatCount(hiddenSize)} numbers`, 0.5, 0.99),
        says(`↓ the <b>router</b> picks ${expertsPerToken} of ${formatCount(routedExperts)} <b>experts</b>, orange`, 0.5, 0.9),
        says(`↓ each of these${beside} multiplies it by its <b>matrices</b>`, 0.5, 0.41),
        ...matrices.flatMap((matrix, i) => sizesOf(matrix, centreOf(i, matrices.length))),
        says(`↓ the results are <b>added up</b>: ${formatCount(hiddenSize)} numbers`, 0.5, 0.03),
      ],
    }),
    title: `A token of ${name} goes through ${expertsPerToken} of ${formatCount(routedExperts)} experts${sharedExperts === 0 ? "" : ` and ${sharedExperts} shared`} in each of ${model.moeLayers} layers`,
    setting: "One drawing of a router to which every expert is as likely; boxes not to scale.",
    caption: `One layer of experts as one token sees it: ${words}. Each square is an expert, the orange ones are those it goes through. Below, the matrices of one expert, outputs by inputs. The router of each of the ${model.moeLayers} such layers chooses anew.`,
    alt: `A drawing of one layer of experts: ${words}. One expert's matrices are ${matrices.map(sizeText).join(" and ")}.`,
  };
}

const sizeText = ({ name, outputs, inputs }: WeightMatrix): string => `${name}, ${formatCount(outputs)} by ${formatCount(inputs)}`;

/** Middle of one of several boxes side by side, as a share of the figure's width. */
const centreOf = (i: number, count: number): number => (i + 0.5) / count;

function boxOf(i: number, count: number): Readonly<Record<string, unknown>> {
  const [centre, half] = [centreOf(i, count), 0.4 / count];
  const place = { xref: "paper", yref: "paper", x0: centre - half, x1: centre + half, y0: 0.12, y1: 0.34 };
  return { type: "rect", ...place, fillcolor: colours.orange, opacity: 0.15, line: { color: colours.orange, width: 1 } };
}

const sizesOf = ({ name, outputs, inputs }: WeightMatrix, x: number) => [
  says(`<b>${name}</b>`, x, 0.26),
  says(`${formatCount(outputs)} × ${formatCount(inputs)}`, x, 0.2),
];

const says = (text: string, x: number, y: number) =>
  label(text, { x, y }, { xref: "paper", yref: "paper", xanchor: "center", yanchor: "middle" });
