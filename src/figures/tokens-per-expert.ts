import type { Model } from "../model/model";
import { model } from "../model/registry";
import { type Deployment, deployments } from "../published/tables";
import { meanTokensPerExpert } from "../routing/uniform";
import { formatCount, formatNumber } from "../text/numbers";
import type { Choice, Figure } from "./figure";
import { sourced } from "./sourced";
import { band, colours, doublings, label, layout, line, logAxis, points, slider, ticks } from "./theme";

/** Beyond a million, so that the name of that tick has room. */
const most = 2 ** 21;
const tokens = doublings(64, most);
const lineColours = [colours.grey, colours.orange, colours.blue, colours.green, colours.purple, colours.sky];
const regimes = ["decode", "prefill", "training"] as const;
const marks = { decode: "circle", prefill: "square", training: "diamond" } as const;

/**
 * Tokens per expert against tokens in flight, one line per model, with published deployments on the lines.
 *
 * A dense feed-forward sees every token, so a dense model's line is the diagonal. Tokens in flight are the same for all, or one
 * count per model.
 *
 * @example tokensPerExpertFigure([model("deepseek-v3")], 6144).caption
 */
export function tokensPerExpertFigure(
  models: readonly Model[],
  tokensInFlight: number | readonly number[],
  colors: readonly string[] = lineColours,
): Figure {
  const color = (i: number) => colors[i % colors.length] as string;
  const inFlight = models.map((_, i) => (typeof tokensInFlight === "number" ? tokensInFlight : (tokensInFlight[i] as number)));
  const mean = (count: number, m: Model) => (m.routedExperts === 0 ? count : meanTokensPerExpert(count, m));
  const lines = models.map((m, i) =>
    line(
      m.name,
      tokens,
      tokens.map((count) => mean(count, m)),
      color(i),
    ),
  );
  const said = (at: readonly number[]) => told(models, at, mean);
  // One count for all can be moved; counts of one's own stay.
  const counts = typeof tokensInFlight === "number" ? [...new Set([...doublings(256, 2 ** 17), tokensInFlight])].sort((a, b) => a - b) : [];
  const choices = counts.map((count) => said(models.map(() => count)));
  const ringsAt = lines.length + regimes.length;
  const { title, caption, perModel, inWords } = said(inFlight);
  return {
    title,
    caption,
    ...(choices.length === 0 ? {} : { choices: choices.map((c) => ({ title: c.title, caption: c.caption })) }),
    data: [...lines, ...deploymentPoints(mean), marker(models, inFlight, mean, color)],
    layout: layout({
      xaxis: logAxis(
        "Tokens in flight over the expert-parallel group",
        [64, most],
        ticks([
          [100, "100"],
          [1e3, "1,000"],
          [1e4, "10,000"],
          [1e5, "100,000"],
          [1e6, "1 million"],
        ]),
      ),
      yaxis: logAxis(
        "Mean tokens per expert",
        [1, most],
        ticks([
          [1, "1"],
          [10, "10"],
          [100, "100"],
          [1e3, "1,000"],
          [1e4, "10,000"],
          [1e5, "100,000"],
          [1e6, "1 million"],
        ]),
      ),
      ...(counts.length === 0
        ? {}
        : {
            sliders: [
              slider(
                "Tokens in flight",
                counts.map((count) => ({
                  label: formatCount(count),
                  args: [{ x: [models.map(() => count)], y: [models.map((m) => mean(count, m))] }, [ringsAt]],
                })),
                counts.indexOf(inFlight[0] as number),
              ),
            ],
          }),
      shapes: [band("y", 64, 256, colours.blue, 0.12)],
      annotations: [
        ...lineLabels(models, mean, color),
        ...deploymentLabels(mean),
        label("64 to 256", { x: 1.8e6, y: 88 }, { xanchor: "right", font: { size: 11, color: colours.blue } }, "xy"),
      ],
    }),
    setting: "Decode: a step takes one token of each request. The mean holds for any router and on any machine.",
    source: sourced(
      "Marks",
      deployments().map((d) => d.source),
    ),
    alt: `Log-log lines of mean tokens per expert against tokens in flight. At ${inWords}: ${perModel}. ${drawn(mean)}.`,
  };
}

/** What is read off the figure at counts of tokens in flight, one per model. */
function told(
  models: readonly Model[],
  inFlight: readonly number[],
  mean: Mean,
): Choice & { readonly perModel: string; readonly inWords: string } {
  const perModel = models.map((m, i) => `${m.name} ${tokenWords(mean(inFlight[i] as number, m))}`).join(", ");
  const counts = [...new Set(inFlight)];
  const inWords = `${counts.map(formatCount).join(" and ")} ${counts.every((count) => count === 1) ? "token" : "tokens"}`;
  const experts = models
    .map((m, i) => ({ m, rows: mean(inFlight[i] as number, m) }))
    .filter(({ m }) => m.routedExperts > 0)
    .sort((a, b) => a.rows - b.rows);
  const ends = [...new Set([experts[0], experts.at(-1)])].flatMap((e) => (e === undefined ? [] : [`${tokenWords(e.rows)} (${e.m.name})`]));
  const found = ends.length === 0 ? "a dense layer sees every one" : `one expert gets ${ends.join(" to ")}`;
  return {
    perModel,
    inWords,
    title: `With ${inWords} in flight ${found}`,
    caption: `Mean tokens per expert, one line per model: half the tokens make an expert's matrix products half as tall. Shaded: 64 to 256, what we take as about the article's 128. At ${inWords} (rings): ${perModel}. Filled marks are published deployments and benchmark settings (circle decode, square prefill, diamond training). ${drawn(mean)}: "128 tokens per expert" is a statement about decode.`,
  };
}

/** Tokens of an expert: whole from ten on, where a fraction of one says nothing. */
const tokenWords = (count: number): string => (count >= 10 ? formatCount(count) : formatNumber(count));

type Mean = (count: number, m: Model) => number;

/** How many settings are drawn of each regime, and where they stand: a few marks are no population. */
function drawn(mean: Mean): string {
  const [decode, prefill, training] = regimes.map((regime) => byRegime(regime).length);
  return `Of decode ${formatCount(decode as number)} published settings are drawn, at ${range(mean, ["decode"])} tokens per expert; of prefill ${formatCount(prefill as number)} and of training ${formatCount(training as number)}, at ${range(mean, ["prefill", "training"])}`;
}

/** From the fewest to the most tokens per expert of the deployments of some regimes. */
function range(mean: Mean, regimes: readonly Deployment["regime"][]): string {
  const means = regimes.flatMap(byRegime).map((d) => mean(d.tokens, model(d.model)));
  return `${formatCount(Math.min(...means))} to ${formatCount(Math.max(...means))}`;
}

function byRegime(regime: Deployment["regime"]): readonly Deployment[] {
  return deployments().filter((d) => d.regime === regime);
}

function deploymentPoints(mean: Mean): readonly Record<string, unknown>[] {
  return regimes.map((regime) => {
    const here = byRegime(regime);
    return points(
      regime,
      here.map((d) => d.tokens),
      here.map((d) => mean(d.tokens, model(d.model))),
      colours.ink,
      {
        marker: { color: colours.ink, size: 9, symbol: marks[regime], line: { color: "#FFFFFF", width: 1 } },
        text: here.map((d) => `${regime}: ${model(d.model).name}, ${d.label}`),
        hoverinfo: "text+x+y",
      },
    );
  });
}

/** The lower right is empty: words stand there, each with a line to its point; a narrow page has no room for them. */
function deploymentLabels(mean: Mean): readonly Record<string, unknown>[] {
  return deployments().map((d) => {
    // Decode stands low, with room to its right; prefill and training stand at the right edge, with room below them and above the band.
    const isDecode = d.regime === "decode";
    const place = {
      showarrow: true,
      arrowhead: 0,
      arrowwidth: 1,
      arrowcolor: colours.grey,
      xanchor: { decode: "left", training: "center", prefill: "right" }[d.regime],
      align: isDecode ? "left" : "center",
      ax: { decode: 24, training: -28, prefill: 54 }[d.regime],
      ay: { decode: 46, training: 76, prefill: 50 }[d.regime],
      font: { size: 11, color: colours.ink },
      bgcolor: "#FFFFFF",
      name: "wide",
    };
    const words = `${d.regime}: ${model(d.model).name},${isDecode ? " " : "<br>"}${d.label}`;
    return label(words, { x: d.tokens, y: mean(d.tokens, model(d.model)) }, place, "xy");
  });
}

function marker(models: readonly Model[], inFlight: readonly number[], mean: Mean, color: (i: number) => string): Record<string, unknown> {
  return points(
    `${[...new Set(inFlight)].map(formatCount).join(" and ")} tokens`,
    inFlight,
    models.map((m, i) => mean(inFlight[i] as number, m)),
    "#FFFFFF",
    {
      marker: { color: "#FFFFFF", size: 10, line: { color: models.map((_, i) => color(i)), width: 2.5 } },
      text: models.map((m) => m.name),
    },
  );
}

/** Each name sits on its own line, at a place of its own so that close lines do not cover each other's. */
function lineLabels(models: readonly Model[], mean: Mean, color: (i: number) => string): readonly Record<string, unknown>[] {
  const places = [2 ** 17, 2 ** 15, 2 ** 16, 200, 800];
  return models.map((m, i) => {
    const x = places[i % places.length] as number;
    return label(m.name, { x, y: mean(x, m) }, { bgcolor: "#FFFFFF", font: { size: 12, color: color(i) } }, "xy");
  });
}
