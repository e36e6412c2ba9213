import type { Gemm } from "../kernels/gemm";
import { type SystolicQuestion, swapOperands, systolicUtilisation } from "../kernels/systolic";
import { formatCount, formatShare } from "../text/numbers";
import type { Choice, Figure } from "./figure";
import { colours, countTicks, layout, line, linearAxis, logAxis, logSpaced, menu, rule } from "./theme";

const sides = [64, 128, 256, 512] as const;
const sideColours = [colours.sky, colours.blue, colours.orange, colours.purple];
/** Four to a doubling, and the row after each side, where a second pass begins that is nearly empty. */
const rows = [...new Set([...logSpaced(1, 4096, 49).map(Math.round), ...sides.map((side) => side + 1)])].sort((a, b) => a - b);

/** Ways to run a product on an array. */
const ways = [
  { name: "weights stand, double-buffered", dataflow: "weight-stationary", weights: "double-buffered", swap: false },
  { name: "weights stand, reloaded each time", dataflow: "weight-stationary", weights: "reloaded", swap: false },
  { name: "operands swapped: tokens stand", dataflow: "weight-stationary", weights: "double-buffered", swap: true },
  { name: "results stand", dataflow: "output-stationary", weights: "reloaded", swap: false },
] as const;

export type Way = (typeof ways)[number]["name"];

/**
 * Share of an array's multiply-adds that `gemm` uses when run one of the ways.
 *
 * @example utilisationBy("weights stand, double-buffered", 256, { m: 128, n: 4096, k: 7168 })
 */
export function utilisationBy(way: Way, side: number, gemm: Gemm): number {
  const { dataflow, weights, swap } = ways.find((w) => w.name === way) as (typeof ways)[number];
  const question: SystolicQuestion = { array: { rows: side, columns: side }, dataflow, weights, gemm: swap ? swapOperands(gemm) : gemm };
  return systolicUtilisation(question);
}

/**
 * Utilisation of square arrays against tokens per expert, when no memory holds them up; a menu picks the dataflow.
 *
 * @example systolicUtilisationFigure({ n: 4096, k: 7168 }, 128).caption
 */
export function systolicUtilisationFigure({ n, k }: Omit<Gemm, "m">, tokensPerExpert: number): Figure {
  const at = (way: Way, side: number) => utilisationBy(way, side, { m: tokensPerExpert, n, k });
  const words = sides.map((side) => `${side}: ${formatShare(at(ways[0].name, side))}`).join(", ");
  const others = (chosen: Way) =>
    ways
      .filter((way) => way.name !== chosen)
      .map((way) => `${way.name} ${formatShare(at(way.name, 128))} and ${formatShare(at(way.name, 256))}`)
      .join("; ");
  const choices = ways.map(({ name }) => ({
    title: `With ${formatCount(tokensPerExpert)} tokens an array of 128 × 128 uses ${formatShare(at(name, 128))} of its multiply-adds and one of 256 × 256 uses ${formatShare(at(name, 256))}: ${name}`,
    caption: `How much of a square array works; the menu picks the dataflow. At ${formatCount(tokensPerExpert)} tokens (dotted), ${name}: ${sides.map((side) => `${side}: ${formatShare(at(name, side))}`).join(", ")}. Each doubling of the side halves what few tokens can use, unless the dataflow puts something longer along it. Arrays of 128 and 256 by other dataflows: ${others(name)}. In a square array swapping the operands saves reloading and not the padding, since the tokens then lie along columns that are as long.`,
  }));
  return {
    ...(choices[0] as Choice),
    choices,
    setting: `A product with ${formatCount(n)} columns and a depth of ${formatCount(k)}; memory holds nothing up.`,
    data: ways.flatMap((way, i) =>
      sides.map((side, j) => {
        const color = sideColours[j] as string;
        return line(
          `${side} × ${side}`,
          rows,
          rows.map((m) => 100 * utilisationBy(way.name, side, { m, n, k })),
          color,
          { visible: i === 0 },
        );
      }),
    ),
    layout: layout({
      height: 500,
      margin: { l: 84, r: 20, t: 60, b: 110 },
      xaxis: logAxis("Tokens per expert", [1, 4096], countTicks([1, 10, 100, 1000])),
      yaxis: linearAxis("Multiply-adds of the array in use (%)", [0, 104]),
      shapes: [rule("x", tokensPerExpert)],
      showlegend: true,
      legend: { orientation: "h", x: 0, y: -0.2, yanchor: "top" },
      updatemenus: [
        menu(
          ways.map((way, i) => ({
            label: way.name,
            method: "restyle",
            args: [{ visible: ways.flatMap((_, w) => sides.map(() => w === i)) }],
          })),
        ),
      ],
    }),
    alt: `Utilisation of systolic arrays rises with tokens per expert until tokens equal the side. At ${formatCount(tokensPerExpert)} tokens with double buffering: ${words}.`,
  };
}
