import { type Model, models } from "../index";
import { nearWords } from "../text/nearest";
import { make } from "./dom";
import type { Option } from "./options";

/** Options of a select, those that do not fit disabled with the reason; left alone when nothing has changed. */
export function fillOptions(select: HTMLSelectElement, options: readonly Option[], value: string): void {
  const key = JSON.stringify(options);
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    select.replaceChildren(
      ...options.map(({ value: own, label, unfit }) =>
        make("option", { value: own, disabled: unfit !== undefined }, unfit === undefined ? label : `${label} – ${unfit}`),
      ),
    );
  }
  select.value = value;
  if (select.selectedIndex < 0 || select.selectedOptions[0]?.disabled)
    select.value = options.find(({ unfit }) => unfit === undefined)?.value ?? "";
}

interface Grouped {
  readonly group: string;
  readonly value: string;
  readonly label: string;
}

/** Options in groups; left alone when nothing has changed. */
export function fillGroups(select: HTMLSelectElement, options: readonly Grouped[], value: string): void {
  const key = JSON.stringify(options.map((o) => o.value));
  if (select.dataset.options !== key) {
    select.dataset.options = key;
    const groups = [...new Set(options.map(({ group }) => group))];
    select.replaceChildren(
      ...groups.map((label) =>
        make(
          "optgroup",
          { label },
          ...options.filter(({ group }) => group === label).map((o) => make("option", { value: o.value }, o.label)),
        ),
      ),
    );
  }
  select.value = value;
}

/** Models whose name, id, alias or maker holds every word; the newest first. */
export function matching(asked: string, own: readonly Model[]): readonly Model[] {
  const parts = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (m: Model) => [m.name, m.id, ...m.aliases, m.organization].join(" ").toLowerCase();
  return [...own, ...[...models()].reverse()].filter((m) => parts.every((part) => text(m).includes(part)));
}

/** The models that match, by maker; the one chosen stays in the list whatever is asked. */
export function fillModels(select: HTMLSelectElement, found: HTMLElement, asked: string, chosen: string, own: readonly Model[]): void {
  const fits = matching(asked, own);
  const all = matching("", own);
  const shown = all.filter((m) => fits.includes(m) || m.id === chosen);
  const sorted = [...shown].sort((a, b) => groupOf(a).localeCompare(groupOf(b), "en"));
  fillGroups(
    select,
    sorted.map((m) => ({ group: groupOf(m), value: m.id, label: m.routedExperts === 0 ? `${m.name} (dense)` : m.name })),
    chosen,
  );
  const words =
    asked === ""
      ? ""
      : fits.length === 0
        ? `No model matches "${asked}"; ${nearWords(asked, namesOf(all))}.`
        : `${fits.length} of ${all.length} models match; Enter takes ${fits[0]?.name}.`;
  if (found.textContent !== words) found.textContent = words;
}

const namesOf = (all: readonly Model[]) => all.flatMap(({ name, id, aliases }) => [name, id, ...aliases]);

function groupOf(m: Model): string {
  return m.id.startsWith("own-") ? " Your own" : m.organization;
}
