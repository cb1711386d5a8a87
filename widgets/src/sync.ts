// A trait that both the page and the kernel write.

/** The part of an anywidget model that a trait needs. */
export interface TraitModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
}

const ECHO = 1500; // milliseconds in which the kernel repeats what it was told

/**
 * The kernel repeats every change to all pages. While the user moves on, such an echo is
 * old news: taking it for a wish of the kernel's would throw the user back.
 */
export class Trait<T> {
  private written: { value: T; at: number }[] = [];
  private writing = false;

  constructor(
    private readonly model: TraitModel,
    private readonly name: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  write(value: T): void {
    if (same(this.model.get(this.name), value)) return;
    this.written.push({ value, at: this.now() });
    this.writing = true;
    this.model.set(this.name, value);
    this.writing = false;
    this.model.save_changes();
  }

  /** Whether a change of the model comes from elsewhere and is to be followed. */
  isNews(value: T): boolean {
    if (this.writing) return false;
    this.written = this.written.filter(({ at }) => this.now() - at < ECHO);
    const last = this.written.at(-1);
    if (last === undefined || same(last.value, value)) return true;
    return !this.written.some((own) => same(own.value, value));
  }
}

/** Lists of plain data are compared by what they hold. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
