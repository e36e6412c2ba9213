import {
  formatBytes,
  formatCount,
  formatNumber,
  formatSeconds,
  isMoe,
  hardware as machineOf,
  memoryFootprint,
  model as modelOf,
  weightFormatWords,
} from "../index";
import type { WhatIfResource } from "./choice";
import type { Find } from "./find";
import type { Found } from "./finder";
import { gpuLimit } from "./options";
import { calibratedSentence } from "./rows-calibration";
import type { Setup } from "./setup";

/** Parts of a machine, as they are called in a sentence. */
const resourceNames: Readonly<Record<WhatIfResource, string>> = {
  memoryBandwidth: "memory bandwidth",
  arithmetic: "arithmetic",
  scaleUpBandwidth: "scale-up link",
  networkBandwidth: "network",
  memorySize: "memory size",
  clock: "clock",
};

/** A machine in few words: what its name has in brackets is left off, and of a changed one what was changed. */
export function machineWords({ hardware }: Pick<Setup, "hardware">): string {
  return hardware.name.replace(/ \(.*\)/, "").replace(/ with other .*/, ", changed");
}

/**
 * What was searched, and what came of it, in words.
 *
 * @param within - deployments that keep the limits of time.
 */
export function searchWords({ points, searched, done, milliseconds, trouble }: Found, within: number, setup: Setup, find: Find): string {
  if (trouble !== undefined) return `Nothing was searched: ${trouble}.`;
  if (!done)
    return searched === 0 ? "Searching…" : `Searching: ${formatCount(points.length)} of ${formatCount(searched)} deployments so far.`;
  const looked = `${formatCount(searched)} deployments searched in ${formatSeconds(milliseconds / 1000, 2)}`;
  const { model, hardware, weightFormat } = setup;
  if (points.length === 0) {
    const { weightBytes } = memoryFootprint({ model, hardware, requests: 1, contextTokens: 1, ...formatOf(setup) });
    const cut = isMoe(model) ? "" : `, and a dense model is cut over no more GPUs than one link joins (${hardware.scaleUpDomain ?? 1})`;
    // Beyond its link a machine without a network was not searched.
    const { most, reason } = gpuLimit(model, hardware);
    const isLimited = hardware.networkBytesPerSecond === undefined && most < find.gpusTo && isMoe(model);
    const gpus = isLimited ? most : find.gpusTo;
    const why = isLimited ? `, and more were not searched: ${reason}` : cut;
    return `${looked}: none fits. ${model.name} in ${weightFormatWords[weightFormat]} is ${formatBytes(weightBytes)} of weights; ${gpus} of ${hardware.name} have ${formatBytes(gpus * hardware.memoryBytes)}${why}. Try ${isMoe(model) && !isLimited ? "more GPUs, or " : ""}fewer bytes per weight${isMoe(model) ? "" : ", or a machine whose link joins more"}.`;
  }
  const kept =
    within === points.length ? "all keep your limits" : within === 0 ? "none keeps your limits" : `${formatCount(within)} keep your limits`;
  return `${looked}: ${formatCount(points.length)} fit, ${kept}.`;
}

/** That a model or a machine does not exist, and how it differs from one that does, or that it is calibrated; empty where neither is so. */
export function whatIfWords(setup: Setup): string {
  const { choice, model, calibration } = setup;
  const calibrated = calibration === undefined ? "" : `${calibratedSentence({ calibration }).trim()} `;
  return isWhatIf(setup)
    ? `${calibrated}What if: ${model.name} on ${machineOf(choice.machine).name}${factorsOf(choice.times)}; neither its kernels nor its quality was ever measured. `
    : calibrated;
}

/** That claims are of models and machines as they are sold, where a scenario is of others; empty where none is. */
export function asSoldWords(setups: readonly Setup[]): string {
  const changed = setups.filter(isWhatIf);
  if (changed.length === 0) return "";
  const places = changed.map(({ choice }) => `${modelOf(choice.model).name} on ${machineOf(choice.machine).name}`);
  return `These are the verdicts for ${[...new Set(places)].join(" and ")} as they are: what you changed of machine or experts under “What if?” is not in them.`;
}

function isWhatIf({ model, hardware }: Setup): boolean {
  return model.name.includes(", experts split by") || hardware.id.endsWith("-what-if");
}

function factorsOf(times: Setup["choice"]["times"]): string {
  const factors = Object.entries(times).map(([name, factor]) => `${resourceNames[name as WhatIfResource]} × ${formatNumber(factor)}`);
  return factors.length === 0 ? "" : ` with ${factors.join(", ")}`;
}

function formatOf({ question }: Setup): { readonly weightFormat?: string } {
  return question.weightFormat === undefined ? {} : { weightFormat: question.weightFormat };
}
