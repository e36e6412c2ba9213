import { addModel, cacheFormat, decoder, type Model, type ModelParts, modelFromConfigText, weightFormat } from "../index";
import { harmless } from "../text/harmless";
import { isFlat, partsOfFlat } from "./flat-link";

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

/** What to call the model of a file: the file's name, made harmless; empty where that says nothing. */
function nameOf(name: string): string {
  const plain = harmless(name.replace(/\.(json|txt)$/i, ""));
  return plain === "config" ? "" : plain;
}

/** The record of a model as text that may stand in an address. */
export function modelToLink(model: Model): string {
  const { id, name, hiddenSize, embeddingWidth, vocabSize, tiedEmbeddings, runs, formats } = model;
  const { predictionModules, architecture, residualStreams } = model;
  const sizes = { hiddenSize, embeddingWidth, vocabSize, tiedEmbeddings };
  const kept = { id, name, ...sizes, runs, formats, predictionModules, architecture, residualStreams };
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(kept))))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * The model that a link carries, its parts checked and findable from now on by its id. Links of version 1.1 are read too.
 *
 * @throws Error naming the field, what was expected and what came.
 */
export function modelFromLink(text: string): Model {
  const record = recordOf(text) as Readonly<Record<string, unknown>>;
  const id = String(record.id ?? "");
  if (!/^own-[0-9a-f]{8}$/.test(id)) throw new RangeError('expected an id such as "own-0123abcd"');
  const parts = isFlat(record) ? partsOfFlat(record) : (record as unknown as ModelParts);
  const { hiddenSize, vocabSize, tiedEmbeddings, runs, formats } = parts;
  const embeddingWidth = "embeddingWidth" in parts ? ((parts as ModelParts).embeddingWidth ?? hiddenSize) : hiddenSize;
  for (const [field, value] of Object.entries({ hiddenSize, vocabSize, embeddingWidth })) {
    if (!Number.isSafeInteger(value) || value < 1 || value > 1e9)
      throw new RangeError(`expected ${field} up to 1,000,000,000, got ${String(value).slice(0, 40)}`);
  }
  return addModel(
    decoder({
      id,
      aliases: [],
      name: harmless(String(record.name ?? "")) || "own model",
      organization: "",
      released: "",
      hiddenSize,
      ...(embeddingWidth === hiddenSize ? {} : { embeddingWidth }),
      vocabSize,
      tiedEmbeddings: tiedEmbeddings === true,
      runs,
      formats: formatsOf(formats),
      predictionModules: wholeOf(record.predictionModules, 0),
      ...(typeof record.architecture === "string" && record.architecture !== "" ? { architecture: harmless(record.architecture) } : {}),
      residualStreams: wholeOf(record.residualStreams, 1),
      source: "config.json",
      locator: "",
      confidence: "medium",
      note: "",
    }),
  );
}

/** Formats that are known, whatever a link says. @throws RangeError naming those there are. */
function formatsOf(formats: Partial<ModelParts["formats"]> | undefined): ModelParts["formats"] {
  return {
    experts: weightFormat(String(formats?.experts)).name as ModelParts["formats"]["experts"],
    rest: weightFormat(String(formats?.rest)).name as ModelParts["formats"]["rest"],
    cache: cacheFormat(String(formats?.cache)),
    known: formats?.known === true,
    released: harmless(String(formats?.released ?? "")),
  };
}

function wholeOf(value: unknown, otherwise: number): number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 100 ? value : otherwise;
}

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
