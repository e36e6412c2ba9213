/** A Plotly figure, the sentences that read it, and one that stands in for the picture. */
export interface Figure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
  /** What is drawn, how to read it, what follows. Numbers in it come from the model. */
  readonly caption: string;
  /** For who cannot see the picture: its conclusion in words. */
  readonly alt: string;
}
