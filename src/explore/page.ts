import { followAddress } from "./address";
import { type Answer, answerOf } from "./answer";
import { fillBest } from "./best-table";
import { takeFiles } from "./bring";
import { cellOf } from "./cell";
import { chosenPanel } from "./chosen-panel";
import { type Controls, controls } from "./controls";
import { csvOf } from "./csv";
import { byId, make } from "./dom";
import type { Find } from "./find";
import { finder } from "./finder";
import { finderBar } from "./finder-bar";
import { frontPicture, sweepPicture } from "./finder-pictures";
import { bestOfSplits, chosenAs, type FoundPoint, keepsLimits, ranked } from "./found";
import { mountGpuPanel } from "./gpu/panel";
import { offerToKeep } from "./keep";
import { ownRowsPanel } from "./own-rows-panel";
import { fillClaims, fillNumbers, fillRequests, fillTasks } from "./page-tables";
import { type PictureName, pictureOf } from "./pictures";
import { drawFigure, onPoint, place, savePicture, watched } from "./places";
import { type Rows, refiner } from "./refine";
import { asSoldWords, searchWords, whatIfWords } from "./search-words";
import { type Setup, setUp } from "./setup";
import { say } from "./spoken-summary";
import { startingChoice } from "./starting";
import { type Choice, firstState, type State } from "./state";
import { claimIds } from "./verdicts";
import { type ScenarioView, viewOf } from "./view";
import { whatIfPanel } from "./what-if-panel";

const pictures = ["tokens", "task", "access", "durations", "requests"] as const satisfies readonly PictureName[];

/** While two are compared: whose the search and its numbers are. */
const ofFirst = "Search, front and numbers here are of scenario A; B stands beside it in detail below. ";

/** Milliseconds between two pictures of a search that goes on. */
const betweenPictures = 500;

/** Follow the page's address, show the first answer, build the rest of the page, and answer every change from then on. */
export function start(): void {
  let state: State = firstState;
  let views: readonly ScenarioView[] = [];
  let claims: readonly Rows[] = [];
  let best: readonly FoundPoint[] = [];
  let shownPoints: readonly FoundPoint[] = [];
  let redraws = 0;
  let waiting = false;
  let isFollowing = true;
  let frontDrawn = 0;
  const shown = document.documentElement.dataset;

  const settle = (part: Partial<Choice>) => change({ ...state, a: { ...state.a, ...part }, find: { ...state.find, best: 0 } });
  const moved = (choice: Choice, part: Partial<Choice>) =>
    "model" in part ? startingChoice({ ...choice, ...part }) : { ...choice, ...part };
  const seek = (find: Partial<Find>, a: Partial<Choice> = {}) =>
    change({ ...state, a: moved(state.a, a), find: { ...state.find, ...find, best: 1 } });
  const choose = (point: FoundPoint) => change({ ...state, a: chosenAs(point, state.a), find: { ...state.find, best: 0 } });
  const chosen = chosenPanel(
    byId("chosen"),
    byId("launch"),
    (tokensInFlight) => settle({ tokensInFlight }),
    () => seek({}),
  );
  const address = followAddress(
    () => state,
    (next, troubles) => {
      tell(troubles);
      isFollowing = true;
      state = next;
      later();
    },
  );
  // What a reader came for stands first; the search begins beside it, and all else follows.
  showAnswer(setUp(state.a));
  performance.mark("first-answer");
  const search = finder(() => follow());
  search.ask(state);

  const places = pictures.map(place);
  const [frontPlace, sweepPlace] = [place("front"), place("sweep")];
  // Another model or machine is another question; how it is deployed is the reader's choice.
  const first = controls("a", (part) => ("model" in part || "machine" in part ? seek({}, part) : settle(part)));
  const second = controls("b", (part) => state.b && change({ ...state, b: moved(state.b, part) }));
  const bar = finderBar((part) => ("dollarsPerHour" in part ? change({ ...state, find: { ...state.find, ...part } }) : seek(part)));
  const worth = whatIfPanel(byId("what-if"), (part) => change({ ...state, a: { ...state.a, ...part } }));
  const judgeAtOnce = () =>
    views.length > 0 &&
    judge.ask(
      views.map(({ setup }) => setup),
      state.own,
    );
  const claimsInSight = watched(byId("claims-table"), judgeAtOnce);
  const worthInSight = watched(byId("what-if"), () => worth.weigh(setUp(state.a)));
  const judge = refiner((rows, yetToCome) => {
    claims = rows;
    showClaims(rows, yetToCome);
  });
  const rows = ownRowsPanel(byId("own-rows"), {
    ...{ state: () => state, setup: () => views[0]?.setup ?? setUp(state.a), change },
    ...{ result: byId("own-rows-result"), place: place("own-rows"), figure: byId("own-rows-drawn") },
  });
  const gpu = mountGpuPanel(byId("gpu-panel"), { scenario: () => setUp(state.a), draw: drawFigure, save: savePicture });

  byId("where").prepend(...first.where);
  byId("asked").append(...bar.fields);
  byId("choices").prepend(first.element, second.element);
  for (const form of ["choices", "finder"]) byId(form).addEventListener("submit", (event) => event.preventDefault());
  const wide = matchMedia("(min-width: 68.01rem)");
  const unfold = () => {
    byId<HTMLDetailsElement>("more").open = wide.matches;
  };
  unfold();
  wide.addEventListener("change", unfold);
  byId("compare").addEventListener("click", () => {
    const { b, ...alone } = state;
    change(b === undefined ? { ...state, b: { ...state.a } } : alone);
  });
  byId("reset").addEventListener("click", () => {
    tell([]);
    change({ ...firstState, own: state.own });
  });
  takeFiles({ state: () => state, change, tell, rows: rows.take }, second.element);
  onPoint(byId("figure-front"), (at) => {
    const point = shownPoints[at];
    if (point !== undefined) choose(point);
  });
  offerToKeep({
    link: () => address.link(state),
    csv: () => {
      if (claims.length === 0) judgeAtOnce();
      return csvOf(views, claims, best, state.find);
    },
  });

  /** Take a new state and show it with the next frame; of several within one frame the last. */
  function change(next: State): void {
    isFollowing = false;
    state = next;
    later();
  }

  function later(): void {
    if (waiting) return;
    waiting = true;
    const show = () => {
      waiting = false;
      redraw();
    };
    // The first answer is painted before all else is worked out.
    requestAnimationFrame(redraws === 0 ? () => setTimeout(show, 0) : show);
  }

  /** The numbers of the chosen deployment, and how to start it. */
  function showAnswer(setup: Setup): Answer {
    const answer = answerOf(setup, state.find);
    const seconds = { perRequest: answer.perRequest.value, firstTokenSeconds: answer.firstTokenSeconds } as FoundPoint;
    chosen.show(setup, answer, state.find, keepsLimits(seconds, state.find));
    return answer;
  }

  /** More is found: the best of it is the scenario, where the reader asked for that. */
  function follow(): void {
    const { points } = search.found();
    const { inOrder } = ranked(points);
    const top = inOrder.find((point) => keepsLimits(point, state.find)) ?? inOrder[0];
    if (state.find.best === 1 && top !== undefined) {
      const next = chosenAs(top, state.a);
      if (JSON.stringify(next) !== JSON.stringify(state.a)) {
        state = { ...state, a: next };
        isFollowing = true;
        later();
        return;
      }
    }
    showFound();
  }

  /** The front, the best and the words on what was searched. */
  function showFound(): void {
    const found = search.found();
    const [view] = views;
    if (view === undefined) return;
    const { setup } = view;
    // Until something is found, what was found before stays in sight.
    const isNew = found.done || found.points.length > 0;
    const { inOrder, front } = ranked(found.points);
    const within = inOrder.filter((point) => keepsLimits(point, state.find));
    const answer = showAnswer(setup);
    byId("searched").textContent = searchWords(found, within.length, setup, state.find);
    byId("assumed").replaceChildren(
      views.length > 1 ? ofFirst : "",
      whatIfWords(setup),
      ...view.setup.notes.slice(-2).map((note) => make("span", {}, `${note} `)),
    );
    shown.searched = found.done ? String(found.points.length) : "";
    shown.searchMilliseconds = found.milliseconds.toFixed(0);
    if (!isNew) return;
    best = bestOfSplits(within, 10);
    shownPoints = inOrder;
    byId<HTMLElement>("try-fp8").hidden = !found.done || inOrder.length > 0 || state.a.weightFormat !== "";
    fillBest(byId<HTMLTableElement>("best-table"), best, { find: state.find, chosen: setup, choose });
    byId("best-none").hidden = best.length > 0 || !found.done;
    frontPlace.expect(() => frontPicture({ points: inOrder, front, find: state.find, chosen: setup, answer }));
    // A picture of thousands of points takes a while: not one for each slice.
    if (!frontPlace.inSight() || (!found.done && performance.now() - frontDrawn < betweenPictures)) return;
    frontDrawn = performance.now();
    frontPlace.draw();
  }

  byId("try-fp8").addEventListener("click", () => seek({}, { weightFormat: "fp8_block" }));

  /**
   * Show everything that follows from the state: first numbers, then what else is in sight, figure by figure, then claims out of
   * sight. A newer change ends it.
   */
  async function redraw(): Promise<void> {
    const [began, own] = [performance.now(), ++redraws];
    const since = () => (performance.now() - began).toFixed(1);
    const choices: readonly Choice[] = state.b === undefined ? [state.a] : [state.a, state.b];
    const setups = choices.map(setUp);
    views = setups.map(viewOf);
    for (const [i, panel] of ([first, second] as readonly Controls[]).entries()) {
      const [choice, setup] = [choices[i], setups[i]];
      panel.element.hidden = choice === undefined;
      if (choice !== undefined && setup !== undefined) panel.show(choice, setup, state.own);
    }
    bar.show(state.find);
    worth.show(state.a);
    rows.show(state, setups[0] as (typeof setups)[number]);
    byId("compare").setAttribute("aria-pressed", String(state.b !== undefined));
    byId("config-for").hidden = state.b === undefined;
    fillNumbers(byId<HTMLTableElement>("numbers-table"), views);
    fillTasks(byId<HTMLTableElement>("tasks-table"), views);
    fillRequests(byId<HTMLTableElement>("requests-table"), views);
    byId("claims-as-sold").textContent = asSoldWords(setups);
    byId("cell-code").textContent = cellOf(setups, state.find);
    shown.numbersMilliseconds = since();
    say(views);
    search.ask(state);
    showFound();
    sweepPlace.expect(() => sweepPicture(setups[0] as (typeof setups)[number]));
    address.remember(state, isFollowing);
    gpu.refresh();
    const judged = claimsInSight();
    if (judged) judge.ask(setups, state.own);
    for (const one of places) one.expect(() => pictureOf(one.name as PictureName, views));
    for (const one of [sweepPlace, ...places].filter(({ inSight }) => inSight())) {
      // What takes long gives the browser time to paint, and the reader to change something again.
      if (performance.now() - began > 50) await new Promise((resolve) => setTimeout(resolve, 0));
      if (own !== redraws) return;
      await one.draw();
    }
    if (worthInSight()) worth.weigh(setups[0] as (typeof setups)[number]);
    shown.redrawMilliseconds = since();
    // What was judged for another choice is no answer to this one.
    if (!judged) {
      claims = [];
      showClaims(claims, setups.length * claimIds().length);
      judge.ask(setups, state.own, "slowly");
    }
    shown.redraws = String(redraws);
  }
}

function tell(troubles: readonly string[]): void {
  byId("troubles").replaceChildren(...troubles.map((trouble) => make("p", {}, trouble)));
}

function showClaims(rows: readonly Rows[], yetToCome: number): void {
  const shown = document.documentElement.dataset;
  fillClaims(byId<HTMLTableElement>("claims-table"), rows, shown.site === "true");
  const all = Math.max(yetToCome, rows.length * (rows[0]?.length ?? 0));
  const draws = rows[0]?.every((row) => row.draws > 1000) ? `: ${rows[0]?.[0]?.draws.toLocaleString("en-US")} of each claim` : "";
  byId("claims-progress").textContent =
    rows.length === 0
      ? "Being judged."
      : yetToCome > 0
        ? `First answers from few draws; ${yetToCome} of ${all} are being drawn in full.`
        : `All draws are in${draws}.`;
  shown.refined = String(yetToCome === 0);
}
