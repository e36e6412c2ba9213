import { withHover } from "../figures/hover";
import { colours, label } from "../figures/theme";
import {
  decodeAccesses,
  durationsFigure,
  type Figure,
  formatCount,
  formatNumber,
  isMoe,
  meanTokensPerExpert,
  model,
  requestStreamsFigure,
  requestsBesideFigure,
  runLengthsFigure,
  taskTimeFigure,
  timedTasks,
  tokensPerExpertFigure,
} from "../index";
import { letters } from "./csv";
import { movable } from "./movable";
import { calibratedSentence, calibratedWords } from "./rows-calibration";
import { machineWords } from "./search-words";
import { type ScenarioView, stepQuestion } from "./view";

/** The figures of the page, by the name of the place where each stands. */
export type PictureName = "tokens" | "task" | "access" | "durations" | "requests";

/** A figure, or why there is none for this choice. */
export type Picture = { readonly figure: Figure } | { readonly reason: string };

/** Models that stand beside the chosen ones, so that a single line has something to be held against. */
const besides = ["deepseek-v3", "mixtral-8x22b", "llama-4-maverick"];

/** Scenario A and B have these colours in every figure; what stands beside them is grey. */
const colors = [colours.blue, colours.orange];

/** A scenario as a figure names it. */
interface Named extends ScenarioView {
  /** "A: " and "B: " where two are compared. */
  readonly prefix: string;
  readonly color: string;
}

/** One figure of the scenarios, the article's first three among them. */
export function pictureOf(name: PictureName, views: readonly ScenarioView[]): Picture {
  const made = makers[name](distinct(views, name));
  if (!("figure" in made)) return made;
  return { figure: movable({ ...withHover(made.figure), caption: made.figure.caption + calibrationOf(name, views) }) };
}

/** Whether a figure's times are calibrated; empty for figures that have none, or where no rows bear on it. */
function calibrationOf(name: PictureName, views: readonly ScenarioView[]): string {
  const calibrated = views.filter(({ setup }) => calibratedWords(setup) !== "");
  const [first] = calibrated;
  if (first === undefined || name === "tokens" || name === "access") return "";
  if (name === "task") return " Your rows are of steps: one expert’s task is not calibrated on them.";
  return calibrated.length === views.length
    ? calibratedSentence(first.setup)
    : `${calibratedSentence(first.setup).slice(0, -1)}: ${letters[views.indexOf(first)]} alone.`;
}

const makers: Readonly<Record<PictureName, (views: readonly Named[]) => Picture>> = {
  tokens: (views) => {
    const first = views[0]?.setup.tokensInFlight as number;
    const others = besides
      .filter((id) => views.every(({ setup }) => setup.model.id !== id))
      .map((id) => model(id))
      .slice(0, 2);
    // What stands beside comes first: names then lie on their lines an octave or more apart.
    const figure = tokensPerExpertFigure(
      [...others, ...views.map(({ setup, prefix }) => ({ ...setup.model, name: prefix + setup.model.name }))],
      [...others.map(() => first), ...views.map(({ setup }) => setup.tokensInFlight)],
      [...others.map(() => colours.grey), ...views.map(({ color }) => color)],
    );
    return { figure: { ...figure, title: views.map(tokensSentence).join("; ") } };
  },
  task: (views) => {
    const drawn = views.flatMap(({ expert, setup, prefix, color }) =>
      expert === undefined ? [] : [{ expert: { ...expert, model: { ...expert.model, name: prefix + expert.model.name } }, setup, color }],
    );
    if (drawn.length === 0) return { reason: `${namesOf(views)} has no routed experts, so there is no task of one expert to time.` };
    return {
      figure: taskTimeFigure(
        drawn.map(({ expert }) => expert),
        drawn.map(({ setup }) => setup.tokensInFlight),
        drawn.map(({ color }) => color),
      ),
    };
  },
  access: (views) => {
    const named = views.map((view) => ({
      name: view.prefix + labelOf(view),
      accesses: decodeAccesses(stepQuestion(view.setup)),
    }));
    const figure = runLengthsFigure(named, 32, 1e10, { colors: views.map(({ color }) => color), conclusion: "" });
    // Names stand where the legend would: a legend is laid out anew with every name.
    const annotations = named.map(({ name }, i) =>
      label(name, { x: 40, y: 97 - 7 * i }, { xanchor: "left", font: { size: 12, color: views[i]?.color } }, "x"),
    );
    return { figure: { ...figure, layout: { ...figure.layout, showlegend: false, annotations } } };
  },
  durations: (views) => {
    const sets = views.map((view) => ({ name: view.prefix + labelOf(view), tasks: timedTasks(view.step.tasks) }));
    return { figure: durationsFigure(sets) };
  },
  requests: (views) => {
    const absent = [...new Set(views.flatMap(({ setup }) => absentRate(setup)))].join(" ");
    const drawn = views.filter(({ setup }) => absentRate(setup).length === 0);
    const [first] = drawn;
    if (first === undefined) return { reason: absent };
    const sets = drawn.map((view) => ({
      ...{ letter: view.prefix.replace(": ", ""), name: labelOf(view), color: view.color },
      ...{ hardware: view.setup.hardware, streams: view.requests },
    }));
    const figure = first.prefix === "" ? requestStreamsFigure(first.setup.hardware, first.requests) : requestsBesideFigure(sets);
    return { figure: absent === "" ? figure : { ...figure, caption: `${absent} ${figure.caption}` } };
  },
};

/** Why there is no line for what a machine's requests go over; nothing where there is. */
function absentRate({ hardware }: ScenarioView["setup"]): readonly string[] {
  const { name, scaleUpBytesPerSecond, networkBytesPerSecond } = hardware;
  const what = scaleUpBytesPerSecond === undefined ? "a scale-up link" : networkBytesPerSecond === undefined ? "a network" : undefined;
  return what === undefined ? [] : [`No rate of ${what} is known of ${name}; the table above has its streams.`];
}

/** What one expert of the chosen model sees; what stands beside it is left out. */
function tokensSentence({ prefix, setup: { model: chosen, tokensInFlight } }: Named): string {
  const all = `${formatCount(tokensInFlight)} ${tokensInFlight === 1 ? "token" : "tokens"} in flight`;
  if (!isMoe(chosen)) return `${prefix}with ${all} a layer of ${chosen.name} sees all of them`;
  return `${prefix}with ${all} one expert of ${chosen.name} sees ${formatNumber(meanTokensPerExpert(tokensInFlight, chosen))} in the mean`;
}

/** Model and machine in few words; what the machine's name has in brackets is left off. */
export function labelOf({ setup }: ScenarioView): string {
  return `${setup.model.name} on ${machineWords(setup)}`;
}

/** Scenarios that a figure would draw alike are drawn once. */
function distinct(views: readonly ScenarioView[], name: PictureName): readonly Named[] {
  const named = views.map((view, i) => ({ ...view, prefix: views.length === 1 ? "" : `${letters[i]}: `, color: colors[i] as string }));
  const [a, b] = named;
  if (a === undefined || b === undefined) return named;
  const [one, other] = [a.setup, b.setup];
  const same =
    one.model.id === other.model.id &&
    one.tokensInFlight === other.tokensInFlight &&
    (name === "tokens" || JSON.stringify(keyOf(one)) === JSON.stringify(keyOf(other)));
  return same ? [{ ...a, prefix: "A and B: " }] : named;
}

function keyOf({ question }: ScenarioView["setup"]) {
  return { ...question, model: question.model.id, hardware: [question.hardware.id, question.hardware] };
}

function namesOf(views: readonly ScenarioView[]): string {
  return views.map(({ setup }) => setup.model.name).join(" and ");
}
