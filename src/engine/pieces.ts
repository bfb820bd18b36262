/** Long work that can stop between two pieces: whoever has something else to do meanwhile asks for one piece after the other. */
export type Pieces<Value> = Generator<undefined, Value, undefined>;

export function toTheEnd<Value>(work: Pieces<Value>): Value {
  for (;;) {
    const piece = work.next();
    if (piece.done === true) return piece.value;
  }
}
