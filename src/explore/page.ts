import { followAddress } from "./address";
import { takeFiles } from "./bring";
import { cellOf } from "./cell";
import { type Controls, controls } from "./controls";
import { csvOf } from "./csv";
import { byId, make } from "./dom";
import { mountGpuPanel } from "./gpu/panel";
import { offerToKeep } from "./keep";
import { fillClaims, fillNumbers, fillRequests, fillTasks } from "./page-tables";
import { type PictureName, pictureOf } from "./pictures";
import { drawFigure, place, savePicture, watched } from "./places";
import { type Rows, refiner } from "./refine";
import { setUp } from "./setup";
import { say } from "./spoken-summary";
import { type Choice, firstState, type State } from "./state";
import { type ScenarioView, viewOf } from "./view";

const pictures = ["tokens", "task", "access", "durations", "requests"] as const satisfies readonly PictureName[];

/** Build the page, follow its address, and answer every change from then on. */
export function start(): void {
  let state: State = firstState;
  let views: readonly ScenarioView[] = [];
  let claims: readonly Rows[] = [];
  let redraws = 0;
  let waiting = false;
  const shown = document.documentElement.dataset;

  const places = pictures.map(place);
  const first = controls("a", (part) => change({ ...state, a: { ...state.a, ...part } }));
  const second = controls("b", (part) => state.b && change({ ...state, b: { ...state.b, ...part } }));
  const claimsInSight = watched(byId("claims-table"));
  const judge = refiner((rows, yetToCome) => {
    claims = rows;
    showClaims(rows, yetToCome);
  });
  const gpu = mountGpuPanel(byId("gpu-panel"), { scenario: () => setUp(state.a), draw: drawFigure, save: savePicture });

  byId("choices").prepend(first.element, second.element);
  byId("choices").addEventListener("submit", (event) => event.preventDefault());
  byId("compare").addEventListener("click", () => {
    const { b, ...alone } = state;
    change(b === undefined ? { ...state, b: { ...state.a } } : alone);
  });
  byId("reset").addEventListener("click", () => {
    tell([]);
    change({ ...firstState, own: state.own });
  });
  takeFiles({ state: () => state, change, tell }, second.element);
  const address = followAddress(
    () => state,
    (next, troubles) => {
      tell(troubles);
      change(next);
    },
  );
  offerToKeep({ link: () => address.link(state), csv: () => csvOf(views, claims) });

  /** Take a new state and show it with the next frame; of several within one frame the last. */
  function change(next: State): void {
    state = next;
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      redraw();
    });
  }

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
    byId("compare").setAttribute("aria-pressed", String(state.b !== undefined));
    byId("config-for").hidden = state.b === undefined;
    fillNumbers(byId<HTMLTableElement>("numbers-table"), views);
    fillTasks(byId<HTMLTableElement>("tasks-table"), views);
    fillRequests(byId<HTMLTableElement>("requests-table"), views);
    byId("cell-code").textContent = cellOf(setups);
    shown.numbersMilliseconds = since();
    say(views);
    address.remember(state);
    gpu.refresh();
    const judged = claimsInSight();
    if (judged) judge.ask(setups, state.own);
    for (const one of places) one.expect(() => pictureOf(one.name, views));
    for (const one of places.filter(({ inSight }) => inSight())) {
      // What takes long gives the browser time to paint, and the reader to change something again.
      if (performance.now() - began > 50) await new Promise((resolve) => setTimeout(resolve, 0));
      if (own !== redraws) return;
      await one.draw();
    }
    shown.redrawMilliseconds = since();
    if (!judged) judge.ask(setups, state.own);
    shown.redraws = String(redraws);
  }
}

function tell(troubles: readonly string[]): void {
  byId("troubles").replaceChildren(...troubles.map((trouble) => make("p", {}, trouble)));
}

function showClaims(rows: readonly Rows[], yetToCome: number): void {
  const shown = document.documentElement.dataset;
  fillClaims(byId<HTMLTableElement>("claims-table"), rows, shown.site === "true");
  const all = rows.length * (rows[0]?.length ?? 0);
  const draws = rows[0]?.every((row) => row.draws > 1000) ? `: ${rows[0]?.[0]?.draws.toLocaleString("en-US")} of each claim` : "";
  byId("claims-progress").textContent =
    yetToCome > 0 ? `First answers from few draws; ${yetToCome} of ${all} are being drawn in full.` : `All draws are in${draws}.`;
  shown.refined = String(yetToCome === 0);
}
