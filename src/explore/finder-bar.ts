import { field } from "./controls";
import { numberField } from "./count-field";
import { make } from "./dom";
import { type Find, mostFind, wholeFields } from "./find";

/** The controls of what is looked for. */
export interface FinderBar {
  readonly fields: readonly HTMLElement[];
  readonly show: (find: Find) => void;
}

const labels: readonly (readonly [keyof Find, string, string])[] = [
  ["gpusFrom", "from", "GPUs from"],
  ["gpusTo", "to", "GPUs to"],
  ["inputTokens", "in", "Prompt (tokens)"],
  ["outputTokens", "out", "Answer (tokens)"],
  ["tokenMilliseconds", "ms", "Most ms per token"],
  ["firstTokenSeconds", "first", "First token within s"],
  ["freePercent", "free", "Memory free (%)"],
  ["drafts", "most-drafts", "Drafts tried, up to"],
  ["dollarsPerHour", "price", "$ per GPU-hour"],
];

/**
 * Fields for GPUs, lengths, limits and the price; 0 leaves a limit or the price out.
 *
 * @param change - called with what the reader set.
 */
export function finderBar(change: (part: Partial<Find>) => void): FinderBar {
  const made = labels.map(([name, id, label]) => {
    const [least, most] = mostFind[name];
    const one = numberField(`find-${id}`, { least, most, whole: wholeFields.includes(name) }, (value) => change({ [name]: value }));
    return { name, show: one.show, element: field(label, one.number, one.below) };
  });
  const hint = make("p", { class: "hint zero" }, "0 leaves a limit or the price out.");
  return {
    fields: [...made.map(({ element }) => element), hint],
    show: (find) => {
      for (const { name, show } of made) show(find[name]);
    },
  };
}
