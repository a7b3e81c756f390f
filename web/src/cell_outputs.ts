/** Outputs beneath the blocks of a program, in the editor. */

import { type EditorState, type Extension, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";
import { marksOf } from "./cells";

const observers = new WeakMap<HTMLElement, ResizeObserver>();

/** An output in the page, kept as it is while the text around it changes. */
class OutputWidget extends WidgetType {
  constructor(readonly element: HTMLElement) {
    super();
  }

  override eq(other: OutputWidget): boolean {
    return other.element === this.element;
  }

  override toDOM(view: EditorView): HTMLElement {
    const place = document.createElement("div");
    place.className = "cell-output";
    place.append(this.element);
    const observer = new ResizeObserver(() => {
      // As wide as what can be seen of the editor, however long its lines are.
      const gutters = view.scrollDOM.querySelector<HTMLElement>(".cm-gutters")?.offsetWidth ?? 0;
      place.style.left = `${gutters}px`;
      place.style.width = `${Math.max(160, view.scrollDOM.clientWidth - gutters)}px`;
      view.requestMeasure();
    });
    observer.observe(place);
    observer.observe(view.scrollDOM);
    observers.set(place, observer);
    return place;
  }

  override destroy(place: HTMLElement): void {
    observers.get(place)?.disconnect();
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

interface Shown {
  readonly from: number;
  readonly to: number;
  readonly element: HTMLElement;
}

const show = StateEffect.define<Shown>({
  map: ({ from, to, element }, change) => ({ from: change.mapPos(from), to: change.mapPos(to, 1), element }),
});
const clear = StateEffect.define<null>();

const outputs = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (found, transaction) => {
    let next = found.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(clear)) next = Decoration.none;
      if (!effect.is(show)) continue;
      const { from, to, element } = effect.value;
      const widget = Decoration.widget({ widget: new OutputWidget(element), block: true, side: 1 });
      next = next.update({ filter: (at) => at < from || at > to, add: [widget.range(to)] });
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const head = Decoration.line({ class: "cm-cell-head" });

function heads(state: EditorState): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const { at } of marksOf(state.doc.toString())) builder.add(at, at, head);
  return builder.finish();
}

const marks = StateField.define<DecorationSet>({
  create: heads,
  update: (found, transaction) => (transaction.docChanged ? heads(transaction.state) : found),
  provide: (field) => EditorView.decorations.from(field),
});

/** Lines that begin a block stand out, and outputs have their place. */
export function cellOutputs(): Extension {
  return [outputs, marks];
}

/** Puts an output beneath the block between two offsets, in the place of what was there. */
export function showOutput(view: EditorView, from: number, to: number, element: HTMLElement): void {
  view.dispatch({ effects: show.of({ from, to, element }) });
}

/** The outputs that stand in a program, in their order. */
export function outputsIn(state: EditorState): HTMLElement[] {
  const found: HTMLElement[] = [];
  for (const at = state.field(outputs).iter(); at.value; at.next()) {
    const { widget } = at.value.spec as { widget?: unknown };
    if (widget instanceof OutputWidget) found.push(widget.element);
  }
  return found;
}

export function clearOutputs(view: EditorView): void {
  view.dispatch({ effects: clear.of(null) });
}
