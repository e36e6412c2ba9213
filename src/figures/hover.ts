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
 * its unit. A trace that is to say nothing there (hoverinfo "skip") goes on saying nothing.
 */
export function withHover(figure: Figure): Figure {
  return {
    ...figure,
    data: figure.data.map((trace) => (saysSomething(trace) ? trace : { ...trace, hovertemplate: template(trace, figure.layout) })),
  };
}

const saysSomething = (trace: Part): boolean => trace.hovertemplate !== undefined || trace.hoverinfo === "skip";

function template(trace: Part, layout: Part): string {
  const name = String(trace.name ?? "");
  const words = Array.isArray(trace.text) && trace.text.length > 0 && !String(trace.mode ?? "").includes("text") ? ["%{text}"] : [];
  const lines = (["x", "y"] as const).flatMap((letter) => {
    const axis = (layout[`${letter}axis${String(trace[`${letter}axis`] ?? letter).slice(1)}`] ?? {}) as Part;
    return axis.visible === false ? [] : [`${titleOf(axis)}%{${letter}${format(axis)}`];
  });
  return `${[...(name === "" ? [] : [`<b>${name}</b>`]), ...words, ...lines].join("<br>")}<extra></extra>`;
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
