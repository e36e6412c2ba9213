/** What `deepshock` gives of data/. Words with their meaning, and documents with their address. */

export { accessFact } from "./accesses";
export { glossary, type Term } from "./glossary";
export { type Source, source, sources } from "./sources";
