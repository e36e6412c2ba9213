import { byId } from "./dom";
import { modelFromFile, noteOnFile } from "./own";
import { startingChoice } from "./starting";
import type { State } from "./state";

/** What a file changes: the page's state, and what it tells. */
export interface Brought {
  readonly state: () => State;
  readonly change: (next: State) => void;
  readonly tell: (troubles: readonly string[]) => void;
  /** Takes a table of measured rows. */
  readonly rows: (file: File) => Promise<void>;
}

/**
 * Take configurations that the reader picks or drops, and tables of measured rows; nothing of them leaves the page.
 *
 * @param second - the controls of scenario B: what is dropped on them is for B.
 */
export function takeFiles({ state, change, tell, rows }: Brought, second: HTMLElement): void {
  const bring = async (file: File | undefined, scenario: "a" | "b") => {
    if (file === undefined) return;
    if (/\.(csv|tsv)$/i.test(file.name)) return rows(file);
    try {
      const text = await file.text();
      const model = modelFromFile(text, file.name);
      tell([]);
      byId("dropped").textContent = `${model.name} was read from ${file.name} and is chosen. It stays on this machine.${noteOnFile(text)}`;
      const { a, b, find, own } = state();
      const chosen = { model: model.id, kernel: "", weightFormat: "", cacheFormat: "" };
      const both = { a, ...(b === undefined ? {} : { b }), find, own: [...own.filter(({ id }) => id !== model.id), model] };
      if (scenario === "b" && b !== undefined) change({ ...both, b: startingChoice({ ...b, ...chosen }) });
      else change({ ...both, a: startingChoice({ ...a, ...chosen }), find: { ...find, best: 1 } });
    } catch (error) {
      byId("dropped").textContent = "";
      tell([`${file.name} cannot be used: ${(error as Error).message}`]);
    }
  };
  const target = () => (state().b !== undefined && byId<HTMLSelectElement>("config-for").value === "b" ? "b" : "a");
  const picked = byId<HTMLInputElement>("config");
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
    const [file] = event.dataTransfer?.files ?? [];
    if (file !== undefined && event.target instanceof Element && event.target.closest("#own-rows") !== null) {
      rows(file);
      return;
    }
    const onSecond = state().b !== undefined && event.target instanceof Node && second.contains(event.target);
    bring(file, onSecond ? "b" : target());
  });
}
