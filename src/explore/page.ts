import type { Model } from "../index";
import { cellOf } from "./cell";
import { type Controls, controls } from "./controls";
import { csvOf } from "./csv";
import { byId, copy, download, make } from "./dom";
import { mountGpuPanel } from "./gpu/panel";
import { modelFromFile, noteOnFile } from "./own";
import { labelOf, type PictureName, pictureOf } from "./pictures";
import { drawFigure, type Place, place, savePicture } from "./places";
import { type Rows, refiner } from "./refine";
import { setUp } from "./setup";
import { type Choice, firstState, readAddress, type State, writeAddress } from "./state";
import { fillClaims, fillNumbers, fillRequests, fillTasks } from "./tables";
import { type ScenarioView, viewOf } from "./view";
import { write, writeQuantity } from "./words";

/** Build the page, follow its address, and answer every change from then on. */
export function start(): void {
  let state: State = firstState;
  let views: readonly ScenarioView[] = [];
  let claims: readonly Rows[] = [];
  let written = "";

  const inSite = document.documentElement.dataset.site === "true";
  const places: readonly Place[] = (["tokens", "task", "access", "durations", "requests"] as const satisfies readonly PictureName[]).map(
    place,
  );
  const first = controls("a", (part) => change({ ...state, a: { ...state.a, ...part } }));
  const second = controls("b", (part) => state.b && change({ ...state, b: { ...state.b, ...part } }));
  const judge = refiner((rows, waiting) => {
    claims = rows;
    fillClaims(byId<HTMLTableElement>("claims-table"), rows, inSite);
    const full = rows[0]?.every((row) => row.draws > 1000);
    byId("claims-progress").textContent =
      waiting > 0
        ? `First answers from few draws; ${waiting} of ${rows.length * (rows[0]?.length ?? 0)} are being drawn in full.`
        : `All draws are in${full ? `: ${rows[0]?.[0]?.draws.toLocaleString("en-US")} of each claim` : ""}.`;
    document.documentElement.dataset.refined = String(waiting === 0);
  });

  const gpu = mountGpuPanel(byId("gpu-panel"), { scenario: () => setUp(state.a), draw: drawFigure, save: savePicture });

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
  let waiting = false;

  /** Show everything that follows from the state: numbers with this frame, then each figure in sight; a newer change ends it. */
  async function redraw(): Promise<void> {
    const [start, own] = [performance.now(), ++redraws];
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
    claims = judge.ask(setups, state.own);
    byId("cell-code").textContent = cellOf(setups);
    const shown = document.documentElement.dataset;
    shown.numbersMilliseconds = (performance.now() - start).toFixed(1);
    say();
    remember();
    gpu.refresh();
    for (const one of places) one.expect(() => pictureOf(one.name, views));
    for (const one of places.filter(({ inSight }) => inSight())) {
      // Between two figures the browser may paint, and the reader change something again.
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (own !== redraws) return;
      await one.draw();
    }
    shown.redrawMilliseconds = (performance.now() - start).toFixed(1);
    shown.redraws = String(redraws);
  }
  let redraws = 0;

  /** The result in a sentence, once the reader pauses: for who cannot see it change. */
  function say(): void {
    clearTimeout(saying);
    saying = setTimeout(() => {
      const sentence = (view: ScenarioView) => {
        const perExpert = view.quantities.find(({ id }) => id === "tokensPerExpert");
        const tokens = perExpert?.value === undefined ? "a dense model" : `${writeQuantity(perExpert)} tokens at each expert`;
        return `${labelOf(view)}: ${tokens}, a decode step of ${write(view.step.seconds, "seconds")}, ${write(view.step.tokensPerSecondPerGpu, "count")} tokens a second and GPU.`;
      };
      byId("summary").textContent = views.map(sentence).join(" ");
    }, 400);
  }
  let saying: ReturnType<typeof setTimeout> | undefined;

  /** Put the state into the address, not more often than browsers allow. */
  function remember(): void {
    clearTimeout(remembering);
    remembering = setTimeout(() => {
      written = `#${writeAddress(state)}`;
      if (written === location.hash) return;
      try {
        history.replaceState(null, "", written);
      } catch {
        location.replace(written);
      }
    }, 200);
  }
  let remembering: ReturnType<typeof setTimeout> | undefined;

  function tell(troubles: readonly string[]): void {
    byId("troubles").replaceChildren(...troubles.map((trouble) => make("p", {}, trouble)));
  }

  function follow(): void {
    const read = readAddress(location.hash, state.own);
    tell(read.troubles);
    change(read.state);
  }

  /** Read a file that the reader brought; nothing of it leaves the page. */
  async function bring(file: File | undefined, scenario: "a" | "b"): Promise<void> {
    if (file === undefined) return;
    try {
      const text = await file.text();
      const brought: Model = modelFromFile(text, file.name);
      const own = [...state.own.filter(({ id }) => id !== brought.id), brought];
      tell([]);
      byId("dropped").textContent =
        `${brought.name} was read from ${file.name} and is chosen. It stays on this machine.${noteOnFile(text)}`;
      const chosen = { model: brought.id, kernel: "", weightFormat: "" };
      change(
        scenario === "b" && state.b !== undefined
          ? { ...state, own, b: { ...state.b, ...chosen } }
          : { ...state, own, a: { ...state.a, ...chosen } },
      );
    } catch (error) {
      byId("dropped").textContent = "";
      tell([`${file.name} cannot be used: ${(error as Error).message}`]);
    }
  }

  function listen(): void {
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
    const picked = byId<HTMLInputElement>("config");
    const target = () => (state.b !== undefined && byId<HTMLSelectElement>("config-for").value === "b" ? "b" : "a");
    picked.addEventListener("change", () => {
      bring(picked.files?.[0], target());
      picked.value = "";
    });
    const zone = byId("drop");
    for (const name of ["dragenter", "dragover"])
      document.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
    for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => zone.classList.remove("over"));
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      const onSecond = state.b !== undefined && event.target instanceof Node && second.element.contains(event.target);
      bring(event.dataTransfer?.files[0], onSecond ? "b" : target());
    });
    const said = (text: string) => {
      byId("taken").textContent = text;
    };
    byId("copy-link").addEventListener("click", async () => {
      const address = `${location.href.replace(/#.*/, "")}#${writeAddress(state)}`;
      said((await copy(address)) ? "The link is on the clipboard." : "The browser keeps the clipboard closed: copy the page's address.");
    });
    byId("save-csv").addEventListener("click", () => {
      download("deepshock.csv", "text/csv", csvOf(views, claims));
      said("The numbers were saved as deepshock.csv.");
    });
    byId("copy-cell").addEventListener("click", async () => {
      byId<HTMLDetailsElement>("cell").open = true;
      const text = byId("cell-code").textContent ?? "";
      said((await copy(text)) ? "The cell is on the clipboard." : "The browser keeps the clipboard closed: select the code below.");
    });
    addEventListener("hashchange", () => {
      if (location.hash !== written) follow();
    });
  }

  listen();
  follow();
}
