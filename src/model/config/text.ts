import { ConfigError, shown } from "./error";

/** The longest published one that we know, which lists the format of each of 22 thousand matrices, has three million. */
const mostCharacters = 50_000_000;

/**
 * Read the text of a config.json. Python writes Infinity and NaN, which JSON has not: the first is read as a number too large
 * for any field, the second as a text.
 *
 * @throws ConfigError naming line and column where the text stops being JSON; or when it is longer than any configuration.
 */
export function parseConfig(text: string): unknown {
  if (text.length > mostCharacters) {
    throw new ConfigError("", `expected a config.json of at most ${mostCharacters} characters, got ${text.length}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    const { offset, problem, plain } = scan(text);
    if (problem === undefined) return JSON.parse(plain);
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    const column = offset - before.lastIndexOf("\n");
    throw new ConfigError("", `config.json:${line}:${column}: expected ${problem}, got ${at(text, offset)}`);
  }
}

function at(text: string, offset: number): string {
  return offset >= text.length ? "the end of the text" : shown(/^\S{1,20}|^\s/.exec(text.slice(offset, offset + 20))?.[0]);
}

const space = /[ \t\n\r]*/y;
const numeral = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const literal = /(?:true|false|null)\b/y;
const pythonNumber = /(?:NaN|-?Infinity)\b/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

interface Scan {
  readonly offset: number;
  /** What was expected there; undefined where the text is JSON but for Python's numbers. */
  readonly problem?: string;
  /** The text with Python's numbers in JSON. */
  readonly plain: string;
}

/** Where a text stops being JSON, and what was expected there. One pass, no recursion: texts may be long and nesting deep. */
function scan(text: string): Scan {
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
  const takeText = (): boolean => {
    const end = endOfText(text, offset);
    if (end > offset) offset = end;
    return end > 0;
  };
  const close = () => {
    open.pop();
    offset++;
    state = "after";
  };
  const fail = (problem: string): Scan => ({ offset, problem, plain: "" });
  for (;;) {
    take(space);
    const c = text[offset];
    if (state === "after") {
      if (open.length === 0)
        return offset < text.length ? fail("nothing after the end") : { offset, plain: plain.join("") + text.slice(copied) };
      const inObject = open[open.length - 1] === "{";
      if (c === (inObject ? "}" : "]")) close();
      else if (c === ",") {
        state = inObject ? "key" : "value";
        offset++;
      } else return fail(inObject ? '"," or "}"' : '"," or "]"');
    } else if (state === "key" || state === "first key") {
      if (c === "}" && state === "first key") {
        close();
        continue;
      }
      if (c !== '"') return fail("a field's name in double quotes");
      if (!takeText()) return fail("a text that ends");
      take(space);
      if (text[offset] !== ":") return fail('":"');
      offset++;
      state = "value";
    } else if (c === "]" && state === "first value") close();
    else if (c === "{" || c === "[") {
      open.push(c);
      offset++;
      state = c === "{" ? "first key" : "first value";
    } else if (c === '"') {
      if (!takeText()) return fail("a text that ends");
      state = "after";
    } else {
      const from = offset;
      const python = take(pythonNumber);
      if (python !== undefined) {
        plain.push(text.slice(copied, from), python === "NaN" ? '"NaN"' : python.replace("Infinity", "1e999"));
        copied = offset;
      } else if ((take(numeral) ?? take(literal)) === undefined) return fail("a value");
      state = "after";
    }
  }
}

/** Where the text in quotes that begins at an offset ends; 0 where it does not. */
function endOfText(text: string, begin: number): number {
  for (let i = begin + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return i + 1;
    if (code < 0x20) return 0;
    if (code !== 0x5c) continue;
    escaped.lastIndex = i;
    const match = escaped.exec(text);
    if (match === null) return 0;
    i += match[0].length - 1;
  }
  return 0;
}
