/**
 * A value as TypeScript that gives it back: what JSON says, with nothing that could end a text, a line or a page's script.
 *
 * JSON leaves U+2028 and U+2029 as they are, at which TypeScript ends a line, and `</`, at which a page ends a script. A field
 * named `__proto__` is written so that it stays a field.
 *
 * @param indent - of nested lines, as JSON.stringify takes it.
 */
export function codeOf(value: unknown, indent = 0): string {
  return (JSON.stringify(value, null, indent) ?? "undefined")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
    .replaceAll("</", "<\\/")
    .replaceAll("<!--", "<\\u0021--")
    .replaceAll(/"__proto__"(?=\s*:)/g, '["__proto__"]');
}
