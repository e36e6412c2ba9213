/** A configuration that cannot become a model: the message says which field, what was expected and what came. */
export class ConfigError extends Error {
  /** Path of the field, as in `text_config.num_experts`; empty where it is the file as a whole. */
  readonly field: string;

  constructor(field: string, problem: string) {
    super(field === "" ? problem : `${field}: ${problem}`);
    this.name = "ConfigError";
    this.field = field;
  }
}

const longest = 60;

/** A value as a message shows it: short, on one line, and told apart from the words around it. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "string") return JSON.stringify(shortened(value));
  if (Object.is(value, -0)) return "-0";
  return typeof value === "function" || typeof value === "symbol" ? `a ${typeof value}` : String(value);
}

/** The first characters of a text that may be a book. */
export function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
