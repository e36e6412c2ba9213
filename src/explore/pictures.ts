import {
  decodeAccesses,
  durationsFigure,
  type Figure,
  model,
  requestStreamsFigure,
  runLengthsFigure,
  shareOf,
  taskTimeFigure,
  timedTasks,
  tokensPerExpertFigure,
} from "../index";
import { type ScenarioView, stepQuestion } from "./view";

/** The figures of the page, by the name of the place where each stands. */
export type PictureName = "tokens" | "task" | "access" | "durations" | "requests";

/** A figure, or why there is none for this choice. */
export type Picture = { readonly figure: Figure } | { readonly reason: string };

/** Models that stand beside the chosen ones, so that a single line has something to be held against. */
const besides = ["mixtral-8x22b", "deepseek-v3"];

/** One figure of the scenarios, the article's first three among them. */
export function pictureOf(name: PictureName, views: readonly ScenarioView[]): Picture {
  return makers[name](distinct(views, name));
}

const makers: Readonly<Record<PictureName, (views: readonly ScenarioView[]) => Picture>> = {
  tokens: (views) => {
    const chosen = views.map(({ setup }) => setup);
    const first = chosen[0]?.tokensInFlight as number;
    const others = besides.filter((id) => chosen.every(({ model: { id: own } }) => own !== id)).map((id) => model(id));
    return {
      figure: tokensPerExpertFigure(
        [...chosen.map((setup) => setup.model), ...others],
        [...chosen.map((setup) => setup.tokensInFlight), ...others.map(() => first)],
      ),
    };
  },
  task: (views) => {
    const drawn = views.flatMap(({ expert, setup }) => (expert === undefined ? [] : [{ expert, tokens: setup.tokensInFlight }]));
    if (drawn.length === 0) return { reason: `${namesOf(views)} has no routed experts, so there is no task of one expert to time.` };
    return {
      figure: taskTimeFigure(
        drawn.map(({ expert }) => expert),
        drawn.map(({ tokens }) => tokens),
      ),
    };
  },
  access: (views) => ({
    figure: runLengthsFigure(
      views.map((view) => ({
        name: labelOf(view),
        accesses: decodeAccesses({ ...shareOf(stepQuestion(view.setup)), weightFormat: view.setup.weightFormat }),
      })),
    ),
  }),
  durations: (views) => ({ figure: durationsFigure(views.map((view) => ({ name: labelOf(view), tasks: timedTasks(view.step.tasks) }))) }),
  requests: ([view]) => {
    if (view === undefined) return { reason: "There is no scenario." };
    const { hardware } = view.setup;
    const absent =
      hardware.scaleUpBytesPerSecond === undefined ? "a scale-up link" : hardware.networkBytesPerSecond === undefined && "a network";
    if (absent) return { reason: `No rate of ${absent} is known of ${hardware.name}; the table below has its streams.` };
    return { figure: requestStreamsFigure(hardware, view.requests) };
  },
};

/** Model and machine in few words; what the machine's name has in brackets is left off. */
export function labelOf({ setup }: ScenarioView): string {
  return `${setup.model.name} on ${setup.hardware.name.replace(/ \(.*\)/, "")}`;
}

/** Scenarios that a figure would draw alike are drawn once. */
function distinct(views: readonly ScenarioView[], name: PictureName): readonly ScenarioView[] {
  const [a, b] = views;
  if (a === undefined || b === undefined || name === "requests") return views;
  const [one, other] = [a.setup, b.setup];
  const same =
    one.model.id === other.model.id &&
    one.tokensInFlight === other.tokensInFlight &&
    (name === "tokens" || JSON.stringify(keyOf(one)) === JSON.stringify(keyOf(other)));
  return same ? [a] : views;
}

function keyOf({ hardware, kernel, weightFormat, expertParallel, tensorParallel, contextTokens, overlap }: ScenarioView["setup"]) {
  return [hardware.id, kernel, weightFormat, expertParallel, tensorParallel, contextTokens, overlap];
}

function namesOf(views: readonly ScenarioView[]): string {
  return views.map(({ setup }) => setup.model.name).join(" and ");
}
