// Plays the steps one after another.
const BASE = 700; // milliseconds per step at speed 1

export class Player {
  private timer: ReturnType<typeof setTimeout> | null = null;
  private factor = 1;

  /** `advance` does one step and says whether there is another. */
  constructor(
    private readonly advance: () => boolean,
    private readonly changed: (playing: boolean) => void,
  ) {}

  get playing(): boolean {
    return this.timer !== null;
  }

  toggle(): void {
    if (this.playing) this.stop();
    else {
      this.schedule(BASE / this.factor / 3);
      this.changed(true);
    }
  }

  setSpeed(factor: number): void {
    this.factor = factor;
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.schedule(BASE / factor);
  }

  stop(): void {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.changed(false);
  }

  dispose(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private schedule(delay: number): void {
    this.timer = setTimeout(() => {
      if (this.advance()) this.schedule(BASE / this.factor);
      else this.stop();
    }, delay);
  }
}
