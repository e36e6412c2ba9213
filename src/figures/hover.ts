import type { Figure } from "./figure";

type Part = Readonly<Record<string, unknown>>;

/** Units that ticks may bear, and what a number of the axis counts in: Plotly writes it with its own prefix. */
const units: readonly (readonly [RegExp, string])[] = [
  [/\d\s?[TGMk]?B\/s$/, ".3~s}B/s"],
  [/\d\s?(?:[TGMk]|[KMG]i)?B$/, ".3~s}B"],
  [/\d\s?[nµm]?s$/, ".3~s}s"],
  [/\d\s?[kMG]?\s?\/s$/, ".3~s}/s"],
];

/**
 * The figure with words of its own under the pointer for every trace that has none: its name, what each axis says and the value in
 * its unit; and for measured marks where they are from, whoever wrote their words. A trace that is to say nothing there (hoverinfo "skip") goes on saying nothing.
 */
export function withHover(figure: Figure): Figure {
  return {
    ...figure,
    data: figure.data.map((trace) => {
      if (trace.hoverinfo === "skip") return trace;
      return { ...trace, hovertemplate: typeof trace.hovertemplate === "string" ? named(trace, figure) : template(trace, figure) };
    }),
  };
}

/** A template of the trace's own, with the source of measured marks where it does not say it. */
function named(trace: Part, { source }: Figure): string {
  const own = String(trace.hovertemplate);
  if (source === undefined || !isMeasured(trace, source) || own.includes("<i>")) return own;
  const [words = "", beside] = own.split("<extra>");
  return `${words}<br><i>${inLines(source, 60)}</i>${beside === undefined ? "" : `<extra>${beside}`}`;
}

function template(trace: Part, { layout, source }: Figure): string {
  const name = String(trace.name ?? "");
  const words = Array.isArray(trace.text) && trace.text.length > 0 && !String(trace.mode ?? "").includes("text") ? ["%{text}"] : [];
  const lines = (["x", "y"] as const).flatMap((letter) => {
    const axis = (layout[`${letter}axis${String(trace[`${letter}axis`] ?? letter).slice(1)}`] ?? {}) as Part;
    return axis.visible === false ? [] : [`${titleOf(axis)}%{${letter}${format(axis)}`];
  });
  const from = source !== undefined && isMeasured(trace, source) ? [`<i>${inLines(source, 60)}</i>`] : [];
  return `${[...(name === "" ? [] : [`<b>${name}</b>`]), ...words, ...lines, ...from].join("<br>")}<extra></extra>`;
}

/** Marks that a figure's source speaks of: filled ones without a line; rings stand for what is asked. */
function isMeasured(trace: Part, source: string): boolean {
  const { color } = (trace.marker ?? {}) as { readonly color?: unknown };
  return /^(Measured|Points|Marks): /.test(source) && trace.mode === "markers" && color !== "#FFFFFF";
}

function inLines(text: string, letters: number): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length >= letters) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.join("<br>");
}

function titleOf(axis: Part): string {
  const title = (axis.title as { readonly text?: string } | undefined)?.text ?? "";
  const plain = title.replaceAll("<br>", " ").replace(/ \((%|million)\)$/, "");
  return plain === "" ? "" : `${plain}: `;
}

/** What stands after the letter of the axis: how its numbers are written, and their unit. */
function format(axis: Part): string {
  const title = (axis.title as { readonly text?: string } | undefined)?.text ?? "";
  if (axis.type === "date" || axis.type === "category") return "}";
  if (title.endsWith("(%)")) return ":.3~g} %";
  const ticks = (axis.ticktext as readonly string[] | undefined) ?? [];
  if (ticks.some((tick) => / %$/.test(tick))) return ":.2~%}";
  if (title.endsWith("(million)")) return ":.3~s}";
  const unit = units.find(([shape]) => ticks.some((tick) => shape.test(tick)))?.[1];
  return unit === undefined ? ":,.4~r}" : `:${unit}`;
}
