/**
 * What `deepshock` gives, by folder, in the order in which they build on one another: each folder lists the names that others may use,
 * and keeps the rest to itself.
 */
export { isUnit, toBase, type Unit } from "./units";
// Numbers as readers expect them.
export * from "./text/public-text";
// Words with their meaning, and documents with their address.
export * from "./data/public-data";
// Who gets how many tokens: uniform, popularity, ranks, placement, imbalance.
export * from "./routing/public-routing";
// Machines, DRAM, random access, number formats, links.
export * from "./machine/public-machine";
// The decoder as a stack of runs: registry, configurations, matrices, shards, parameters.
export * from "./model/public-model";
// Products, roofline, families, the expert layer, cores of attention, launches, arrays.
export * from "./kernels/public-kernels";
// Collectives, the exchange of experts, splits, message paths.
export * from "./network/public-network";
// What others measured and published, as records.
export * from "./published/public-published";
// Decode, prefill and training, their tasks, accesses, requests and worth; the search over deployments.
export * from "./step/public-step";
// What the model says beside what was measured.
export * from "./fit/public-fit";
// All sixteen claims in parts, judged then and now.
export * from "./claims/index";
// Numbers in, picture and caption out.
export * from "./figures/public-figures";
// The argument in six sentences, and the article's three figures.
export {
  argument,
  frontAnswer,
  frontErrors,
  type FrontErrors,
  frontFigures,
  frontLayer,
  type FrontQuestion,
  frontWorth,
  howSure,
  nearBorders,
  trustText,
  verdictCounts,
  verdictsText,
} from "./front-page";
