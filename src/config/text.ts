import { ConfigError, shown } from "./error";

/**
 * Read the text of a config.json. Python writes Infinity and NaN, which JSON has not: they are read too.
 *
 * @throws ConfigError naming line and column where the text stops being JSON.
 */
export function parseConfig(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const { offset, problem, plain } = firstError(text);
    if (problem === undefined) return JSON.parse(plain);
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    const column = offset - before.lastIndexOf("\n");
    throw new ConfigError("", `config.json:${line}:${column}: expected ${problem}, got ${at(text, offset)}`);
  }
}

function at(text: string, offset: number): string {
  return offset >= text.length ? "the end of the text" : shown(/^\S{0,20}|^\s/.exec(text.slice(offset, offset + 20))?.[0] ?? "");
}

const space = /[ \t\n\r]*/y;
const quoted = /"[^"\\\p{Cc}]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\p{Cc}]*)*"/uy;
const numeral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literal = /(?:true|false|null)\b/y;
const pythonNumber = /(?:NaN|-?Infinity)\b/y;

interface Scan {
  readonly offset: number;
  /** What was expected there; undefined where the text is JSON but for Python's numbers. */
  readonly problem?: string;
  /** The text with Python's numbers in JSON; NaN becomes a text, which no number field takes. */
  readonly plain: string;
}

/** Where a text stops being JSON, and what was expected there. One pass, no recursion: nesting may be deep. */
function firstError(text: string): Scan {
  const open: string[] = [];
  const plain: string[] = [];
  let offset = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let copied = offset;
  let state: "value" | "first value" | "key" | "first key" | "after" = "value";
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset;
    const match = pattern.exec(text)?.[0];
    if (match !== undefined) offset += match.length;
    return match;
  };
  const fail = (problem: string): Scan => ({ offset, problem, plain: "" });
  for (;;) {
    take(space);
    const c = text[offset];
    if (state === "after") {
      if (open.length === 0) {
        if (offset < text.length) return fail("nothing after the end of the object");
        return { offset, plain: plain.join("") + text.slice(copied) };
      }
      const inObject = open[open.length - 1] === "{";
      if (c === ",") state = inObject ? "key" : "value";
      else if (c === (inObject ? "}" : "]")) open.pop();
      else return fail(inObject ? `"," or "}"` : `"," or "]"`);
      offset++;
    } else if (state === "key" || state === "first key") {
      if (c === "}" && state === "first key") {
        open.pop();
        offset++;
        state = "after";
        continue;
      }
      if (take(quoted) === undefined) return fail("a field's name in double quotes");
      take(space);
      if (text[offset] !== ":") return fail(`":"`);
      offset++;
      state = "value";
    } else if (c === "]" && state === "first value") {
      open.pop();
      offset++;
      state = "after";
    } else if (c === "{" || c === "[") {
      open.push(c);
      offset++;
      state = c === "{" ? "first key" : "first value";
    } else {
      const from = offset;
      const python = take(pythonNumber);
      if (python !== undefined) {
        plain.push(text.slice(copied, from), python === "NaN" ? '"NaN"' : python.replace("Infinity", "1e999"));
        copied = offset;
      } else if ((take(quoted) ?? take(numeral) ?? take(literal)) === undefined) {
        return fail("a value");
      }
      state = "after";
    }
  }
}
