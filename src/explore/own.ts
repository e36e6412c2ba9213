import { addModel, modelFromConfigText } from "../index";
import { type Model, readModels } from "../model/model";
import { harmless } from "../text/harmless";

/** Largest file that is read as a configuration: a thousand times a usual one. */
export const largestFile = 10_000_000;

/**
 * The model that a config.json describes, findable from now on by its id.
 *
 * @param text - of the file.
 * @param name - what to call it: the file's name, since a configuration rarely names its model.
 * @throws Error naming the field, what was expected and what came.
 */
export function modelFromFile(text: string, name: string): Model {
  if (text.length > largestFile) throw new RangeError(`expected a config.json of at most ${largestFile} letters, got ${text.length}`);
  const own = nameOf(name);
  // By way of a link, so that a link and the file it stands for give one and the same record.
  return modelFromLink(modelToLink(modelFromConfigText(text, own === "" ? {} : { name: own })));
}

/** What the model of a file leaves out or counts differently, as one more sentence; empty where nothing. A link does not carry it. */
export function noteOnFile(text: string): string {
  const { note } = modelFromConfigText(text);
  return note === "" ? "" : ` To know: ${note}.`;
}

/** A name that figures, sentences, cells and files may show. */
function nameOf(name: string): string {
  const plain = harmless(name.replace(/\.(json|txt)$/i, ""));
  return plain === "config" ? "" : plain;
}

/** The record of a model as text that may stand in an address. */
export function modelToLink(model: Model): string {
  const { note: _note, locator: _locator, source: _source, ...kept } = model;
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(kept))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * The model that a link carries, checked as a row of data/models.csv is and findable from now on by its id.
 *
 * @throws Error naming the field, what was expected and what came.
 */
export function modelFromLink(text: string): Model {
  const record = recordOf(text);
  const cells: Record<string, string> = {
    ...Object.fromEntries(absent.map((field) => [field, ""])),
    ...Object.fromEntries(Object.entries(record).map(([field, value]) => [field, cellOf(field, value)])),
  };
  if (!/^own-[0-9a-f]{8}$/.test(cells.id ?? "")) throw new RangeError('expected an id such as "own-0123abcd"');
  // A configuration does not say these; a row must.
  const filled = { ...cells, aliases: "", released: "2000", organization: "own", source: "config.json", confidence: "medium" };
  const [read] = readModels([
    { file: "the model in the link", line: 1, cells: { ...filled, name: nameOf(cells.name ?? "") || "own model" } },
  ]);
  return addModel({ ...(read as Model), released: "", organization: "" });
}

/** Columns that a row may leave empty and a record leave out. */
const absent = [
  "valueHeadDim",
  "kvLoraRank",
  "qkRopeHeadDim",
  "qLoraRank",
  "outputLoraRank",
  "outputGroups",
  "totalParameters",
  "activeParameters",
  "locator",
  "totalsSource",
  "totalsLocator",
  "note",
] as const satisfies readonly (keyof Model)[];

function recordOf(text: string): object {
  let record: unknown;
  try {
    const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    record = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes, (letter) => letter.charCodeAt(0))));
  } catch {
    throw new RangeError("it is cut off or was changed on the way");
  }
  if (typeof record !== "object" || record === null || Array.isArray(record)) throw new RangeError("expected a record of a model");
  return record;
}

/** More than a config.json may say; a page would draw more of them for minutes. */
const mostLayers = 10_000;

/** What would stand in the row's cell; no size that a model could have is near the limits. */
function cellOf(field: string, value: unknown): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number" && Math.abs(value) > 1e9 && !field.endsWith("Parameters"))
    throw new RangeError(`expected ${field} up to 1,000,000,000, got ${value}`);
  if (typeof value === "number" && /layers$/i.test(field) && value > mostLayers)
    throw new RangeError(`expected ${field} up to ${mostLayers.toLocaleString("en-US")}, got ${value}`);
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
