import { vi } from "vitest";

const original = await vi.importActual<typeof import("../src/data/files")>("../src/data/files");

/** Texts that stand in the place of files of data/, by path; empty them after each test. */
export const replaced = new Map<string, string>();

/** Stands for that of src/files: vi.mock("../src/data/files", () => import("./replaced-files")). */
export const readDataFile: typeof original.readDataFile = (path) => replaced.get(path) ?? original.readDataFile(path);

/** The same of tables: a replaced text is CSV. */
export const readTable: typeof original.readTable = (path) => replaced.get(path) ?? original.readTable(path);
