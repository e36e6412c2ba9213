import { make } from "./dom";
import type { Find } from "./find";
import { rowOf } from "./finder-pictures";
import type { FoundPoint } from "./found";
import type { Setup } from "./setup";

const heads = [
  "Attention · experts",
  "Tokens/s/GPU",
  "ms per token",
  "GPUs",
  "Requests per GPU",
  "GB per GPU",
  "First token (s)",
  "$ per million",
];

/**
 * Fill the table of the best deployments; each row has a button that chooses it.
 *
 * @param best - one for each split.
 */
export function fillBest(
  table: HTMLTableElement,
  best: readonly FoundPoint[],
  { find, chosen, choose }: { readonly find: Find; readonly chosen: Setup; readonly choose: (point: FoundPoint) => void },
): void {
  const rows = best.map((point) => {
    const [split = "", ...cells] = rowOf(point, find);
    const button = make("button", { type: "button", class: "row-button", "aria-pressed": String(isChosen(point, chosen)) }, split);
    button.addEventListener("click", () => choose(point));
    const row = make(
      "tr",
      isChosen(point, chosen) ? { class: "on" } : {},
      make("th", { scope: "row" }, button),
      ...cells.map((text) => make("td", { class: "number" }, text)),
    );
    return row;
  });
  const focused = table.contains(document.activeElement) ? document.activeElement?.textContent : undefined;
  const head = table.tHead as HTMLTableSectionElement;
  if (head.rows.length === 0)
    head.replaceChildren(
      make("tr", {}, ...heads.map((text, i) => make("th", { scope: "col", class: i > 0 ? "number" : undefined }, text))),
    );
  (table.tBodies[0] as HTMLTableSectionElement).replaceChildren(...rows);
  if (focused != null) [...table.querySelectorAll("button")].find((button) => button.textContent === focused)?.focus();
}

function isChosen(
  point: FoundPoint,
  { tensorParallel, dataParallel, expertParallel, tokensInFlight, overlap, draftTokens }: Setup,
): boolean {
  return (
    point.tensorParallel === tensorParallel &&
    point.dataParallel === dataParallel &&
    point.expertParallel === expertParallel &&
    point.requests === tokensInFlight &&
    point.overlap === overlap &&
    point.draftTokens === draftTokens
  );
}
