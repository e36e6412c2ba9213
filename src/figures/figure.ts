/** A Plotly figure and the sentence that reads it. */
export interface Figure {
  readonly data: ReadonlyArray<Record<string, unknown>>;
  readonly layout: Record<string, unknown>;
  readonly caption: string;
  readonly alt?: string;
}
