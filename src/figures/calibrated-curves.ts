import { formatCount, formatNumber, formatShare } from "../text/numbers";
import type { Figure } from "./figure";
import { colours, layout, line, logAxis, oneTwoFive, points } from "./theme";

/** A measured step, or a part of one, beside what the model gives for it. */
export interface CurveMark {
  /** Requests of the replica, or tokens in each cache: what the axis counts. */
  readonly x: number;
  readonly measured: number;
  readonly before: number;
  readonly after: number;
  /** With factors fitted without this row. */
  readonly leftOut: number;
  /** Where it stands in the reader's table. */
  readonly where: string;
}

/** Rows that differ in what the axis counts alone, and the model's two curves through them; times in seconds. */
export interface CalibratedCurve {
  /** In full, for who points at it. */
  readonly name: string;
  /** What sets it apart from the others. */
  readonly label: string;
  readonly x: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly marks: readonly CurveMark[];
}

/** What the figure draws. */
export interface CalibratedCurves {
  readonly axis: "requests" | "context";
  readonly curves: readonly CalibratedCurve[];
  /** Rows that stand on none of the curves, and are not drawn. */
  readonly notDrawn: number;
  /** Machine and engine of the rows. */
  readonly name: string;
  readonly errors: { readonly before: number; readonly after: number };
}

const colorOf = [colours.blue, colours.orange, colours.green, colours.purple, colours.brown, colours.grey] as const;
/** More curves than colours cannot be told apart. */
export const mostCurves = colorOf.length;

const axes = {
  requests: { title: "Requests of the replica", unit: "requests" },
  context: { title: "Tokens in each request’s cache", unit: "tokens in each cache" },
} as const;

/** Measured steps as points, with the model as it is as a dashed line and calibrated on them as a solid one. */
export function calibratedCurvesFigure({ axis, curves, notDrawn, name, errors }: CalibratedCurves): Figure {
  const { title, unit } = axes[axis];
  const ms = (seconds: number) => seconds * 1e3;
  const xs = curves.flatMap(({ x }) => x);
  const ys = curves.flatMap(({ before, after, marks }) => [...before, ...after, ...marks.map(({ measured }) => measured)]).map(ms);
  const [left, right] = [Math.min(...xs) * 0.85, Math.max(...xs) * 1.18];
  const [bottom, top] = [Math.min(...ys) * 0.85, Math.max(...ys) * 1.18];
  const hover = (words: string) => `%{text}<br>%{x:,} ${unit}: <b>%{y:.4~g} ms</b> ${words}<extra></extra>`;
  const drawn = curves.flatMap((curve, i) => {
    const color = colorOf[i % mostCurves] as string;
    const text = curve.x.map(() => curve.name);
    return [
      line(`${curve.label}: model as it is`, curve.x, curve.before.map(ms), color, {
        ...{ text, hovertemplate: hover("by the model as it is"), line: { color, width: 1.5, dash: "dash" }, showlegend: false },
      }),
      line(`${curve.label}: calibrated`, curve.x, curve.after.map(ms), color, {
        ...{ text, hovertemplate: hover("by the model calibrated on your rows"), showlegend: false },
      }),
      points(
        curve.label,
        curve.marks.map(({ x }) => x),
        curve.marks.map(({ measured }) => ms(measured)),
        color,
        {
          text: curve.marks.map((mark) => wordsOf(curve.name, mark)),
          hovertemplate: `%{text}<br>%{x:,} ${unit}<extra></extra>`,
        },
      ),
    ];
  });
  const key = (words: string, particular: Readonly<Record<string, unknown>>) =>
    line(words, [Number.NaN], [Number.NaN], colours.ink, { hoverinfo: "skip", ...particular });
  return {
    data: [
      ...drawn,
      key("model as it is", { line: { color: colours.ink, width: 1.5, dash: "dash" } }),
      key("calibrated", { line: { color: colours.ink, width: 2 } }),
    ],
    layout: layout({
      height: 420,
      margin: { l: 64, r: 14, t: 30, b: 54 },
      xaxis: logAxis(title, [left, right], { dtick: undefined, ...oneTwoFive(left, right) }),
      yaxis: logAxis("Milliseconds", [bottom, top], { dtick: undefined, ...oneTwoFive(bottom, top) }),
      showlegend: true,
      legend: { orientation: "h", x: 0, y: 1.01, yanchor: "bottom", font: { size: 11 } },
    }),
    caption: `Points are your rows of ${name}; the dashed line of the same colour is the model as it is, the solid one the model calibrated on them. The median row was off by ${formatShare(errors.before)}, and is off by ${formatShare(errors.after)} where the factors were fitted without it.${notDrawn > 0 ? ` ${formatCount(notDrawn)} more rows stand on curves of their own that are not drawn.` : ""}`,
    alt: `Your rows of ${name} beside the model: off by ${formatShare(errors.before)} in the median as it is, by ${formatShare(errors.after)} calibrated on other rows.`,
    source: "your rows",
  };
}

function wordsOf(name: string, { measured, before, after, leftOut, where }: CurveMark): string {
  const beside = (seconds: number) => {
    const off = seconds / measured - 1;
    return `${formatNumber(seconds * 1e3, 4)} ms (${off >= 0 ? "+" : "−"}${formatNumber(Math.abs(off) * 100, 2)} %)`;
  };
  return [
    name,
    `<b>${formatNumber(measured * 1e3, 4)} ms</b> measured`,
    `model as it is ${beside(before)}`,
    `calibrated ${beside(after)}, without this row ${beside(leftOut)}`,
    `<i>your rows, ${where}</i>`,
  ].join("<br>");
}
